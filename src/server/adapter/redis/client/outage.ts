import type { Clock } from '../../../../shared/clock.ts';
import type { Log } from '../../../port/log.ts';

export interface OutageOptions {
  /** What is or is not reached, as the log names it: a server's address, the sentinels. */
  readonly server: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A reason is told again in a later outage, and no sooner than after this time, in milliseconds. */
const sameReasonApartMs = 10_000;

/** Why something is not reached: each reason is logged once an outage, and then that it is over. */
export class Outage {
  readonly #options: OutageOptions;
  /** When each reason was last logged, by the monotonic clock. */
  readonly #loggedAtMs = new Map<string, number>();
  /** Those of the outage that goes on. */
  readonly #ofThisOne = new Set<string>();

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /** It was not reached, or is no longer. */
  failed(reason: string): void {
    const { server, clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const isRecent = nowMs - (this.#loggedAtMs.get(reason) ?? Number.NEGATIVE_INFINITY) < sameReasonApartMs;
    if (isRecent || this.#ofThisOne.has(reason)) return;
    this.#loggedAtMs.set(reason, nowMs);
    this.#ofThisOne.add(reason);
    log.warn('redis.unreachable', { server, reason });
  }

  /** It is reached. */
  ended(): void {
    if (this.#ofThisOne.size === 0) return;
    this.#ofThisOne.clear();
    const { server, clock, log } = this.#options;
    const beforeMs = clock.monotonicMs() - sameReasonApartMs;
    for (const [reason, atMs] of this.#loggedAtMs) if (atMs <= beforeMs) this.#loggedAtMs.delete(reason);
    log.info('redis.reached', { server });
  }
}
