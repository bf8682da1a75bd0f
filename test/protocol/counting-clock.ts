import { type Clock, systemClock } from '../../src/shared/clock.ts';

/** The system's clock, which knows how many of its timers wait. */
export class CountingClock implements Clock {
  readonly #waiting = new Set<object>();

  get pending(): number {
    return this.#waiting.size;
  }

  now(): number {
    return systemClock.now();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = {};
    this.#waiting.add(timer);
    const cancel = systemClock.after(delayMs, () => {
      this.#waiting.delete(timer);
      callback();
    });
    return () => {
      this.#waiting.delete(timer);
      cancel();
    };
  }
}
