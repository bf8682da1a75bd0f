import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../port/log.ts';
import type { NodeLease } from '../port/node-leases.ts';

export interface NameContestOptions {
  readonly node: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * So many renewals in a row have to find others between them. A process that takes over a name while the former one ends, and a
 * renewal that is carried out twice, bring fewer.
 */
const enough = 3;
/** How long one line in the log is enough, in milliseconds. */
const tellAgainMs = 60_000;

/** Notices that another process renews the lease under this node's name: each adopts what the other has, and neither is found dead. */
export class NameContest {
  readonly #options: NameContestOptions;
  #inRow = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: NameContestOptions) {
    this.#options = options;
  }

  /** A renewal failed, and may have been carried out all the same: the next one finds more by that. */
  failed(): void {
    this.#inRow = 0;
  }

  /** The lease after a renewal, and as the last one that succeeded left it. */
  renewed(before: NodeLease, lease: NodeLease): void {
    const isOthersToo = lease.lineage === before.lineage && lease.counter > before.counter + 1;
    this.#inRow = isOthersToo ? this.#inRow + 1 : 0;
    if (this.#inRow >= enough) this.#tell();
  }

  #tell(): void {
    const { node, clock, log } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#toldMs < tellAgainMs) return;
    this.#toldMs = nowMs;
    const error = new Error(`another process runs as ${node}: give each node a NODE_ID of its own`);
    log.error('node.id_taken', error, { node });
  }
}
