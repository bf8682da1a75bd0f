import type { Clock } from './clock.ts';

/** Waits that can be cut short, all together. */
export class Pause {
  readonly #clock: Clock;
  readonly #ends = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after this time, in milliseconds, or at `end`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#ends.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#ends.add(end);
    });
  }

  /** Ends the waits that there are. */
  end(): void {
    for (const end of this.#ends) end();
  }
}
