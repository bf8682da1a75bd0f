import type { NodeLease, NodeLeases } from '../../port/node-leases.ts';

/** The leases of nodes in one process: of one, where it stands alone. */
export class MemoryNodeLeases implements NodeLeases {
  readonly #counters = new Map<string, number>();

  renew(node: string): Promise<void> {
    this.#counters.set(node, (this.#counters.get(node) ?? 0) + 1);
    return Promise.resolve();
  }

  read(): Promise<ReadonlyMap<string, NodeLease>> {
    const leases = Array.from(
      this.#counters,
      ([node, counter]) => [node, { counter, lineage: 'memory' }] as const,
    );
    return Promise.resolve(new Map(leases));
  }

  forget(node: string, counter: number): Promise<void> {
    if (this.#counters.get(node) === counter) this.#counters.delete(node);
    return Promise.resolve();
  }
}
