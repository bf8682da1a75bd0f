import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { ResumedRoom } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { RequestFunction } from '../session/request.ts';
import { replay } from './replay.ts';
import type { Position } from './stream-cursor.ts';
import { StreamReader } from './stream-reader.ts';

/** The user's own stream. It has no snapshot: where it can't go on, it goes on from anywhere. */
export class Inbox {
  readonly #reader: StreamReader;

  constructor(request: RequestFunction, onEvent: (event: Event) => void, onError: (error: unknown) => void) {
    this.#reader = new StreamReader({
      apply: onEvent,
      replay: async (after) => this.resumed(await replay(request, '', after)),
      startAgain: () => {
        this.#reader.forget();
        return Promise.resolve();
      },
      onError,
    });
  }

  get position(): Position | undefined {
    return this.#reader.position;
  }

  take(event: Event): void {
    this.#reader.take(event);
  }

  delivered(position: Position): void {
    this.#reader.delivered(position);
  }

  disconnected(): void {
    this.#reader.disconnected();
  }

  /** What became of it in a resume or a replay. Undefined: nothing was said, so that its own chain must tell. */
  resumed(outcome: ResumedRoom['outcome'] | undefined): void {
    if (outcome?.case === undefined || outcome.case === 'recovered') this.#reader.recovered();
    else if (outcome.case !== 'settling') this.#reader.forget();
  }

  /** Another session has begun. */
  forget(): void {
    this.#reader.forget();
  }
}
