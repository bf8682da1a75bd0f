/** How fast the clients of a node are to move to others. */
export interface MovePace {
  /** No more than this many a second, as long as all can move in time. */
  readonly clientsPerSecond: number;
  /** In what time all of them must have moved, in milliseconds. */
  readonly timeoutMs: number;
}

/** How long a client may take over its move, in milliseconds, where the time for all allows it. */
const longestGraceMs = 5_000;
/** And at most this share of the time for all. */
const graceShare = 1 / 3;

/**
 * When each client of a node is to move, and until when it may: the same distance between any two that follow each other, so that
 * those who do not heed it, and are closed, come back no faster than the others. Times are in milliseconds from its start.
 */
export class MovePlan {
  /** As it comes out: more than was asked for where that would leave some behind. */
  readonly clientsPerSecond: number;
  readonly #graceMs: number;

  constructor(clients: number, { clientsPerSecond, timeoutMs }: MovePace) {
    this.#graceMs = Math.min(longestGraceMs, Math.floor(timeoutMs * graceShare));
    const least = Math.ceil(((clients - 1) * 1_000) / (timeoutMs - this.#graceMs));
    this.clientsPerSecond = Math.max(clientsPerSecond, least);
  }

  /** When the client of this number is to move, counted from 0. */
  afterMs(nth: number): number {
    return Math.floor((nth * 1_000) / this.clientsPerSecond);
  }

  /** When it is closed if it is still there. */
  untilMs(nth: number): number {
    return this.afterMs(nth) + this.#graceMs;
  }
}
