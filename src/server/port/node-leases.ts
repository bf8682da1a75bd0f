/** A node's sign of life, as it was at one moment. */
export interface NodeLease {
  /** Higher by one at each renewal, or by more where a renewal was carried out more than once. */
  readonly counter: number;
  /** A word for the store that has the counter: another after a restart or a failover, which may have lost renewals. */
  readonly lineage: string;
}

/**
 * Which nodes there are, and that they live. A node renews its lease; whoever reads the same counter for long enough takes it for dead.
 * Each call rejects with `SignalError` UNAVAILABLE when the store can't be reached, in part or in whole; all may be sent again.
 */
export interface NodeLeases {
  /**
   * A higher counter for the node, which is registered from then on: the lease as it then is. One that is not higher than the last, or
   * of another lineage, says that the store lost something since, or may have; so does the first after the node was forgotten.
   */
  renew(node: string): Promise<NodeLease>;
  /** The leases of all nodes that are registered, by node. */
  read(): Promise<ReadonlyMap<string, NodeLease>>;
  /** The node is registered no more, unless its counter is another by now. A node that lives on is registered again when it renews. */
  forget(node: string, counter: number): Promise<void>;
}
