import type { Clock } from '../../shared/clock.ts';

/** Who is sent away stays away for this long at least, in milliseconds. */
const leastMs = 1_000;
const mostMs = 30_000;
/** So far apart those who were sent away come back, in milliseconds. */
const apartMs = 10;

/** Tells those for whom there is no place when to come again: each at a time of its own, so that they do not all come at once. */
export class ReturnTimes {
  readonly #clock: Clock;
  /** When the next may come, by the monotonic clock. */
  #nextMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long the next who is sent away is to wait, in milliseconds. */
  next(): number {
    const nowMs = this.#clock.monotonicMs();
    const atMs = Math.min(Math.max(this.#nextMs, nowMs + leastMs), nowMs + mostMs);
    this.#nextMs = atMs + apartMs;
    return Math.round(atMs - nowMs);
  }
}
