export interface Backoff {
  /** The first wait is at most this long, in milliseconds; each after it twice the one before. */
  readonly firstDelayMs: number;
  /** No wait is longer, in milliseconds. */
  readonly maxDelayMs: number;
}

/**
 * How long to wait before a try, in milliseconds: random between 0 and the bound of that try (full jitter), so that those
 * who failed together do not come back together. `attempt` counts from 0; `random` gives 0 up to 1.
 */
export function backoffDelayMs(
  backoff: Backoff,
  attempt: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(backoff.maxDelayMs, backoff.firstDelayMs * 2 ** attempt);
}
