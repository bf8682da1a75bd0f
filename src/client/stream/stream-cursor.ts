import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { StreamHead } from '../../../gen/parley/signal/v1/room_pb.ts';

export interface Position {
  readonly epoch: number;
  readonly offset: number;
}

/** `next`: the one that was due. `double`: it was there before. `hole`: something before it is missing. */
export type Verdict = 'next' | 'double' | 'hole';

/**
 * How far a stream was read. Two chains tell whether an event is the next: that of the events for everyone, and that of those
 * for this client alone. The first event of a stream that has no position yet sets it.
 */
export class StreamCursor {
  #position: Position | undefined;
  #lastToAll: number | undefined;
  #lastToSelf: number | undefined;
  /** The server vouched for the position, so that the next epoch may go on from it. */
  #mayFork = false;

  get position(): Position | undefined {
    return this.#position;
  }

  judge(event: Event): Verdict {
    if (this.#position === undefined) return 'next';
    const { epoch, offset } = this.#position;
    const later = event.offset > offset;
    if (event.epoch === epoch) return later ? this.#link(event) : 'double';
    return later && this.#mayFork ? this.#link(event) : 'hole';
  }

  /** After an event that was `next`. */
  advance(event: Event): void {
    if (this.#position?.epoch !== event.epoch) this.#mayFork = false;
    this.#position = { epoch: event.epoch, offset: event.offset };
    if (event.directed) {
      this.#lastToAll = event.previousToAll;
      this.#lastToSelf = event.offset;
    } else {
      this.#lastToAll = event.offset;
    }
  }

  /** All that was meant for this client up to there has come. The server knows in which epoch the stream goes on from what it has sent. */
  moveTo({ epoch, offset }: Position): void {
    if (this.#position !== undefined && this.#position.offset > offset) return;
    if (this.#position?.epoch !== epoch) this.#mayFork = false;
    this.#position = { epoch, offset };
  }

  /** The server goes on from the position. */
  vouched(): void {
    this.#mayFork = true;
  }

  /** A snapshot has all up to its head. */
  reset({ epoch, offset, lastToAll, lastToReceiver }: StreamHead): void {
    this.#position = { epoch, offset };
    this.#lastToAll = lastToAll;
    this.#lastToSelf = lastToReceiver;
    this.#mayFork = false;
  }

  /** Nothing is known of the stream: its next event sets the position. */
  forget(): void {
    this.#position = undefined;
    this.#lastToAll = undefined;
    this.#lastToSelf = undefined;
  }

  #link(event: Event): Verdict {
    const followsAll = this.#lastToAll === undefined || event.previousToAll === this.#lastToAll;
    const followsSelf =
      !event.directed || this.#lastToSelf === undefined || event.previous === this.#lastToSelf;
    return followsAll && followsSelf ? 'next' : 'hole';
  }
}
