import type { Clock } from '../../shared/clock.ts';

/** How many times as long as a turn of taking in took nobody is taken in after it. */
export interface RestTimes {
  /** Where the event loop answers in time. */
  readonly least: number;
  /** For the first who come after a quiet second. */
  readonly first: number;
  /** Where it is late. */
  readonly most: number;
}

export interface NewcomerPaceOptions {
  readonly clock: Clock;
  readonly restTimes: RestTimes;
  /** Calls back when the event loop has done all else that it has to do by now. */
  readonly afterTurn?: (callback: () => void) => void;
}

/** A turn of the event loop that takes longer, in milliseconds, makes those wait who are there already. */
const longTurnMs = 5;
const mostAtOnce = 8;
/** A rest that ends this much too late, in milliseconds, tells that there is more to do than the machine can do at once. */
const lateMs = 3;
/** What is taken in goes on to cost after its turn: it takes some rests to see whether the machine bears it. */
const longerBy = 1.5;
const shorterBy = 0.25;
/** Longer rests than this, in milliseconds, are for turns that took long, and not because the loop is late. */
const longRestMs = 40;
const quietMs = 1_000;

/**
 * Takes in those who come one after the other, so that those who are there go first: as many in one turn of the event loop as leave
 * it short, one at least, and then nobody for `restTimes` as long as the turn took. It begins with long rests. They become shorter
 * while they end in time, and longer when they end late, for then others wait as well: the loop has too much to do, or the machine has.
 */
export class NewcomerPace {
  readonly #options: NewcomerPaceOptions;
  readonly #afterTurn: (callback: () => void) => void;
  /** What takes each in, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #atOnce = 1;
  #restTimes: number;
  #isResting = false;
  #restedAtMs = 0;
  #cancelRest: () => void = () => undefined;

  constructor(options: NewcomerPaceOptions) {
    this.#options = options;
    this.#afterTurn = options.afterTurn ?? setImmediate;
    this.#restTimes = options.restTimes.first;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** `takeIn` is called at its turn: at once where nobody is before it. */
  enter(takeIn: () => void): void {
    this.#waiting.add(takeIn);
    if (this.#isResting) return;
    const { clock, restTimes } = this.#options;
    if (clock.monotonicMs() - this.#restedAtMs > quietMs) this.#restTimes = restTimes.first;
    this.#next();
  }

  /** It does not want to be taken in any more. */
  leave(takeIn: () => void): void {
    this.#waiting.delete(takeIn);
  }

  /** Nobody waits any more: all who did are taken in, to be told that it is over. Nobody is to enter after it. */
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
    else this.#rest(tookMs);
  }

  #rest(tookMs: number): void {
    const { clock, restTimes } = this.#options;
    const restMs = Math.max(tookMs * restTimes.least, Math.min(tookMs * this.#restTimes, longRestMs));
    const dueMs = clock.monotonicMs() + restMs;
    this.#cancelRest = clock.after(restMs, () => {
      const isLate = clock.monotonicMs() - dueMs > lateMs;
      this.#restTimes = isLate
        ? Math.min(this.#restTimes * longerBy, restTimes.most)
        : Math.max(this.#restTimes - shorterBy, restTimes.least);
      this.#rested();
    });
  }

  #rested(): void {
    this.#isResting = false;
    this.#restedAtMs = this.#options.clock.monotonicMs();
    if (this.#waiting.size > 0) this.#next();
  }
}
