import type { Clock } from '../../shared/clock.ts';

/** What was begun and has not ended yet, for who has to wait for it. */
export class Unfinished {
  readonly #running = new Set<Promise<unknown>>();

  get size(): number {
    return this.#running.size;
  }

  /** Gives back the promise, which counts until it settles. */
  add<Value>(promise: Promise<Value>): Promise<Value> {
    const settled = () => void this.#running.delete(promise);
    this.#running.add(promise);
    promise.then(settled, settled);
    return promise;
  }

  /** Resolves when nothing runs any more, what began meanwhile included; at the latest after `deadlineMs`. */
  async ended(clock: Clock, deadlineMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(deadlineMs, resolve);
      void this.#nothingRuns().then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #nothingRuns(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
