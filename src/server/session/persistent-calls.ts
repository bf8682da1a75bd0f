import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { Pause } from '../../shared/pause.ts';
import { SignalError } from '../../shared/signal-error.ts';

const backoff = { firstDelayMs: 100, maxDelayMs: 2_000 };

/** Calls that are made again until the store has heard them: a session that it takes for attached would never end. */
export class PersistentCalls {
  readonly #pause: Pause;
  #isStopped = false;

  constructor(clock: Clock) {
    this.#pause = new Pause(clock);
  }

  /** Resolves when the call was heard, or is not to be made any more. `failed`: it could not be reached, and is tried again. */
  async untilHeard(call: () => Promise<void>, failed: (error: SignalError) => void): Promise<void> {
    for (let attempt = 0; !this.#isStopped; attempt++) {
      try {
        await call();
        return;
      } catch (thrown) {
        const error = SignalError.from(thrown);
        if (!error.retryable) throw thrown;
        failed(error);
        await this.#wait(backoffDelayMs(backoff, attempt));
      }
    }
  }

  /** What was not heard by now is not said any more. */
  stop(): void {
    this.#isStopped = true;
    this.#pause.end();
  }

  async #wait(delayMs: number): Promise<void> {
    if (!this.#isStopped) await this.#pause.wait(delayMs);
  }
}
