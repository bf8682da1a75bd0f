import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Description } from '../room/room-events.ts';
import type { CallRoom } from './call-room.ts';
import type { NumberedBatch } from './held-candidates.ts';

const retryBackoff = { firstDelayMs: 300, maxDelayMs: 5_000 };

/** The other side is gone, or this one is: what was to be said is of no use any more. */
const endings: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.PEER_NOT_FOUND,
  ErrorCode.NOT_IN_ROOM,
  ErrorCode.OUTCOME_UNKNOWN,
]);

/**
 * Sends one pair's messages until the server has them. A description waits for the one before it, since two that change places
 * would leave the sides in states that do not fit; candidates name their description and need not wait.
 */
export class PairSender {
  readonly #room: CallRoom;
  readonly #to: string;
  readonly #clock: Clock;
  readonly #onError: (error: SignalError) => void;
  readonly #cancels = new Set<() => void>();
  #descriptions: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(room: CallRoom, to: string, clock: Clock, onError: (error: SignalError) => void) {
    this.#room = room;
    this.#to = to;
    this.#clock = clock;
    this.#onError = onError;
  }

  /** `isDue` says before each try whether the offer still stands. */
  offer(description: Description, isDue: () => boolean): void {
    this.#next(() => this.#room.sendOffer(this.#to, description), isDue);
  }

  answer(description: Description): void {
    this.#next(
      () => this.#room.sendAnswer(this.#to, description),
      () => true,
    );
  }

  candidates(batch: NumberedBatch): void {
    void this.#send(
      () => this.#room.sendCandidates(this.#to, batch),
      () => true,
    );
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #next(send: () => Promise<void>, isDue: () => boolean): void {
    this.#descriptions = this.#descriptions.then(() => this.#send(send, isDue));
  }

  async #send(send: () => Promise<void>, isDue: () => boolean): Promise<void> {
    for (let attempt = 0; !this.#closed && isDue(); attempt += 1) {
      try {
        await send();
        return;
      } catch (thrown) {
        const error = SignalError.from(thrown);
        if (endings.has(error.code)) return;
        if (!error.retryable) {
          this.#onError(error);
          return;
        }
        await this.#pause(Math.max(backoffDelayMs(retryBackoff, attempt), error.retryAfterMs));
      }
    }
  }

  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (this.#closed) {
        resolve();
        return;
      }
      const end = () => {
        this.#cancels.delete(cancelNow);
        resolve();
      };
      const cancel = this.#clock.after(delayMs, end);
      const cancelNow = () => {
        cancel();
        resolve();
      };
      this.#cancels.add(cancelNow);
    });
  }
}
