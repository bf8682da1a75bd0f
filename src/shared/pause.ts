import type { Clock } from './clock.ts';

/** A wait that can be cut short, and waited for again. One at a time. */
export class Pause {
  readonly #clock: Clock;
  #end: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after this time, in milliseconds, or at `end`. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#end = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends the wait that there is. */
  end(): void {
    this.#end();
  }
}
