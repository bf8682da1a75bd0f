import type { NodeLease, NodeLeases } from '../../port/node-leases.ts';

const lineage = 'memory';

/** The leases of nodes in one process: of one, where it stands alone. */
export class MemoryNodeLeases implements NodeLeases {
  readonly #counters = new Map<string, number>();

  renew(node: string): Promise<NodeLease> {
    const counter = (this.#counters.get(node) ?? 0) + 1;
    this.#counters.set(node, counter);
    return Promise.resolve({ counter, lineage });
  }

  read(): Promise<ReadonlyMap<string, NodeLease>> {
    const leases = Array.from(this.#counters, ([node, counter]) => [node, { counter, lineage }] as const);
    return Promise.resolve(new Map(leases));
  }

  forget(node: string, counter: number): Promise<void> {
    if (this.#counters.get(node) === counter) this.#counters.delete(node);
    return Promise.resolve();
  }
}
