import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { StreamHead } from '../../../gen/parley/signal/v1/room_pb.ts';
import { type Position, StreamCursor } from './stream-cursor.ts';

export interface StreamReaderOptions {
  /** Takes the stream's events: each once, in order. */
  readonly apply: (event: Event) => void;
  /** Asks for the stream again from a position. What comes of it is told to `recovered` or `reset`. */
  readonly replay: (after: Position) => Promise<void>;
  /** Asks for a snapshot, since replays did not fill the hole; it is told to `reset`. */
  readonly startAgain: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Replays that may leave a hole open before the stream starts again from a snapshot. */
const maxReplays = 3;
/** Events kept while a hole is open; the replay brings those beyond it again. */
const maxHeld = 4_096;

/** Reads one stream: drops doubles, notices holes, and keeps what came after a hole until it is filled. */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  readonly #cursor = new StreamCursor();
  /** What came after a hole, by offset. */
  #held: Event[] = [];
  /** A replay was asked for. */
  #asking = false;
  /** The server sends the stream again from the position, so that the hole closes by itself. */
  #repeating = false;
  #replays = 0;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
  }

  get position(): Position | undefined {
    return this.#cursor.position;
  }

  take(event: Event): void {
    if (event.offset === 0) this.#options.apply(event);
    else if (this.#asking) this.#hold(event);
    else this.#place(event);
  }

  /** A heartbeat's answer: all up to there was sent before it. */
  delivered(position: Position): void {
    if (this.#asking) return;
    if (this.#held.length === 0) this.#cursor.moveTo(position);
    else this.#fill();
  }

  /** The server goes on from the position that it was given. */
  recovered(): void {
    this.#asking = false;
    this.#repeating = true;
    this.#cursor.vouched();
    this.#placeHeld();
  }

  /** A snapshot took the place of what was read so far. */
  reset(head: StreamHead): void {
    this.#asking = false;
    this.#replays = 0;
    this.#cursor.reset(head);
    // What was held of an epoch that is no more would wait for ever, and what comes behind it too.
    this.#held = this.#held.filter(({ epoch }) => epoch === head.epoch);
    this.#placeHeld();
  }

  /** The connection is gone: what was held comes again after the resume. */
  disconnected(): void {
    this.#asking = false;
    this.#repeating = false;
    this.#held = [];
  }

  /** Keeps what comes until `recovered` or `reset`. */
  suspend(): void {
    this.#asking = true;
  }

  /** The stream goes on from anywhere. */
  forget(): void {
    this.disconnected();
    this.#cursor.forget();
  }

  #place(event: Event): void {
    const verdict = this.#cursor.judge(event);
    const firstHeld = this.#held[0];
    const isBehindHole = firstHeld !== undefined && event.offset >= firstHeld.offset;
    if (verdict === 'double') return;
    if (verdict === 'next' && !isBehindHole) {
      this.#accept(event);
      this.#placeHeld();
      return;
    }
    this.#hold(event);
    if (!isBehindHole || !this.#repeating) this.#fill();
  }

  #accept(event: Event): void {
    this.#replays = 0;
    this.#cursor.advance(event);
    this.#options.apply(event);
  }

  #hold(event: Event): void {
    if (this.#held.length >= maxHeld) return;
    const after = this.#held.findLastIndex(({ offset }) => offset <= event.offset);
    this.#held.splice(after + 1, 0, event);
  }

  /**
   * Those that are due now. Not one beyond the first that is not: an event for everyone does not tell what was missed of those for
   * this client alone.
   */
  #placeHeld(): void {
    for (let event = this.#held[0]; event !== undefined; event = this.#held[0]) {
      const verdict = this.#cursor.judge(event);
      if (verdict === 'hole') return;
      this.#held.shift();
      if (verdict === 'next') this.#accept(event);
    }
    this.#repeating = false;
  }

  #fill(): void {
    const { position } = this.#cursor;
    if (this.#asking || position === undefined) return;
    this.#asking = true;
    this.#repeating = false;
    this.#replays += 1;
    const { replay, startAgain, onError } = this.#options;
    const filled = this.#replays > maxReplays ? startAgain() : replay(position);
    filled.catch((thrown: unknown) => {
      // Not with the connection, which begins anew. Else the next event, or the next heartbeat, tries again.
      if (!this.#asking) return;
      this.#asking = false;
      onError(thrown);
    });
  }
}
