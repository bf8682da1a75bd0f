import type { Clock } from '../../shared/clock.ts';

export interface NewcomerPaceOptions {
  readonly clock: Clock;
  /** Calls back when the event loop has done all else that it has to do by now. */
  readonly afterTurn?: (callback: () => void) => void;
}

/** A turn of the event loop that takes longer, in milliseconds, makes those wait who are there already. */
const longTurnMs = 5;
const mostAtOnce = 8;
/** So many times as long as the turn took nobody is taken in. */
const restTimes = 4;

/**
 * Takes in those who come one after the other, so that those who are there go first: as many in one turn of the event loop as leave
 * it short, one at least, and then nobody for four times as long as the turn took. So newcomers have a fifth of the node's time at
 * most, however many come at once.
 */
export class NewcomerPace {
  readonly #options: NewcomerPaceOptions;
  readonly #afterTurn: (callback: () => void) => void;
  /** What takes each in, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #atOnce = 1;
  #isResting = false;
  #cancelRest: () => void = () => undefined;

  constructor(options: NewcomerPaceOptions) {
    this.#options = options;
    this.#afterTurn = options.afterTurn ?? setImmediate;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** `takeIn` is called at its turn: at once where nobody is before it. */
  enter(takeIn: () => void): void {
    this.#waiting.add(takeIn);
    if (!this.#isResting) this.#next();
  }

  /** It does not want to be taken in any more. */
  leave(takeIn: () => void): void {
    this.#waiting.delete(takeIn);
  }

  /** Nobody waits any more: all who did are taken in, to be told that it is over. */
  stop(): void {
    this.#cancelRest();
    for (const takeIn of this.#waiting) {
      this.#waiting.delete(takeIn);
      takeIn();
    }
  }

  #next(): void {
    const { clock } = this.#options;
    const startedAtMs = clock.monotonicMs();
    this.#isResting = true;
    let count = 0;
    for (const takeIn of this.#waiting) {
      this.#waiting.delete(takeIn);
      takeIn();
      count += 1;
      if (count >= this.#atOnce) break;
    }
    this.#afterTurn(() => this.#turnEnded(clock.monotonicMs() - startedAtMs));
  }

  #turnEnded(tookMs: number): void {
    const isLong = tookMs > longTurnMs;
    this.#atOnce = isLong ? Math.ceil(this.#atOnce / 2) : Math.min(this.#atOnce + 1, mostAtOnce);
    if (tookMs === 0) this.#rested();
    else this.#cancelRest = this.#options.clock.after(tookMs * restTimes, () => this.#rested());
  }

  #rested(): void {
    this.#isResting = false;
    if (this.#waiting.size > 0) this.#next();
  }
}
