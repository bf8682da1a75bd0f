import type { NodeLease } from '../port/node-leases.ts';

export interface DeadNodesOptions {
  /** A counter that stood still for this long is a dead node's, in milliseconds. */
  readonly leaseMs: number;
  /** Reads with more time between their answers are not in a row: this node, or the store, stood still itself. In milliseconds. */
  readonly maxGapMs: number;
}

interface Watched extends NodeLease {
  /** A read that is asked for from then on and finds the same counter finds the node dead, by the monotonic clock. */
  readonly deadFromMs: number;
}

/**
 * Finds dead nodes in what is read of their leases: those whose counter stood still for the lease, as seen by reads that all
 * succeeded. What says nothing of the node, but of the store or of the reader (a read that failed or took long, a
 * failover), starts the count again, with as long as a lease on top for the node to find the store again. So does the first
 * read: it may be the first after an outage. No two machines' clocks are compared.
 */
export class DeadNodes {
  readonly #options: DeadNodesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #dead = new Set<string>();
  /** When the last of the reads in a row was answered. Undefined: none is to build on. */
  #answeredMs: number | undefined;

  constructor(options: DeadNodesOptions) {
    this.#options = options;
  }

  /** A read failed. */
  failed(): void {
    this.#answeredMs = undefined;
    this.#dead.clear();
  }

  /** What was read, when that was asked for, and when it was answered, by the monotonic clock. */
  saw(leases: ReadonlyMap<string, NodeLease>, askedMs: number, answeredMs: number): void {
    const { leaseMs, maxGapMs } = this.#options;
    const inRow = this.#answeredMs !== undefined && answeredMs - this.#answeredMs <= maxGapMs;
    this.#answeredMs = answeredMs;
    this.#dead.clear();
    for (const node of this.#watched.keys()) if (!leases.has(node)) this.#watched.delete(node);
    for (const [node, lease] of leases) {
      const before = this.#watched.get(node);
      const sameStore = inRow && (before === undefined || before.lineage === lease.lineage);
      if (sameStore && before?.counter === lease.counter) {
        if (askedMs >= before.deadFromMs) this.#dead.add(node);
      } else {
        const graceMs = sameStore ? 0 : leaseMs;
        this.#watched.set(node, { ...lease, deadFromMs: answeredMs + leaseMs + graceMs });
      }
    }
  }

  /** Those that are dead by the last read. */
  get all(): readonly string[] {
    return [...this.#dead];
  }

  /** The counter that stands still, if the node is dead by the last read. */
  counterOf(node: string): number | undefined {
    return this.#dead.has(node) ? this.#watched.get(node)?.counter : undefined;
  }
}
