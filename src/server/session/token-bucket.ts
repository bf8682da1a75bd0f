/** How much may pass: steadily, and at once after a quiet time. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * An allowance that refills steadily up to its burst. It reads no clock and keeps no timer: who takes from it says what time
 * it is, by the monotonic clock.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #atMs: number;

  constructor({ perSecond, burst }: Rate, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Takes a cost if it is there. One above the burst counts as the burst: it passes when the bucket is full. */
  take(cost: number, nowMs: number): boolean {
    this.#refill(nowMs);
    const due = cost < this.#burst ? cost : this.#burst;
    if (this.#tokens < due) return false;
    this.#tokens -= due;
    return true;
  }

  /** How long until a cost is there, in whole milliseconds, if nobody takes before. */
  waitMs(cost: number, nowMs: number): number {
    this.#refill(nowMs);
    return Math.max(0, Math.ceil((Math.min(cost, this.#burst) - this.#tokens) / this.#perMs));
  }

  /** Whether it holds its burst, as a new one would. */
  isFull(nowMs: number): boolean {
    this.#refill(nowMs);
    return this.#tokens === this.#burst;
  }

  #refill(nowMs: number): void {
    if (nowMs <= this.#atMs) return;
    const tokens = this.#tokens + (nowMs - this.#atMs) * this.#perMs;
    this.#tokens = tokens < this.#burst ? tokens : this.#burst;
    this.#atMs = nowMs;
  }
}
