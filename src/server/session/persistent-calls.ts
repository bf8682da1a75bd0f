import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { SignalError } from '../../shared/signal-error.ts';

const backoff = { firstDelayMs: 100, maxDelayMs: 2_000 };

/** Calls that are made again until the store has heard them: a session that it takes for attached would never end. */
export class PersistentCalls {
  readonly #clock: Clock;
  /** What ends the wait of each that tries again. */
  readonly #waiting = new Set<() => void>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
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
    for (const wake of this.#waiting) wake();
  }

  async #wait(delayMs: number): Promise<void> {
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const cancel = this.#clock.after(delayMs, wake);
      this.#waiting.add(wake);
    });
  }
}
