/**
 * How long nothing may come after a heartbeat, in milliseconds. With the 2 s after which an answer that is due is asked for that is 5 s:
 * of a node's lease and the reconnection window, 8 s by default, 3 s are left to come back elsewhere.
 */
const shortestMs = 3_000;

/**
 * How long a client waits for an answer before it takes its connection for lost.
 *
 * A WebSocket tells only of whole messages, so that on a slow network a long one looks like silence, on every connection anew. So the
 * second connection in a row that falls silent doubles the patience, and each after it, until something comes in time again.
 */
export class Patience {
  #losses = 0;

  /** In milliseconds; never more than the server waits itself. */
  within(serverTimeoutMs: number): number {
    return Math.min(shortestMs * 2 ** Math.max(0, this.#losses - 1), serverTimeoutMs);
  }

  /** A connection was taken for lost. */
  ranOut(): void {
    this.#losses += 1;
  }

  /** Something came so long after a heartbeat. */
  answered(tookMs: number): void {
    if (tookMs <= shortestMs) this.#losses = 0;
  }
}
