import type { NodeLease, NodeLeases } from '../../port/node-leases.ts';
import type { Redis, RedisReply } from './client/redis.ts';
import { textsOf } from './client/redis-reply.ts';
import { RedisScript } from './client/redis-script.ts';
import type { RedisStoreStatus } from './redis-store-status.ts';

const readScript = RedisScript.load(import.meta.url, 'lineage.lua', 'lease-read.lua');
const renewScript = RedisScript.load(import.meta.url, 'lineage.lua', 'lease-renew.lua');
const forgetScript = RedisScript.load(import.meta.url, 'lease-forget.lua');

/** The names of the nodes, in a slot of its own. */
const registry = 'nodes';

type WriteProbe = Pick<RedisStoreStatus, 'probe'>;

/** Leases in Redis: a counter in each node's slot. A lineage is the `master_replid` of the primary that has the counter. */
export class RedisNodeLeases implements NodeLeases {
  readonly #redis: Redis;
  readonly #status: WriteProbe | undefined;
  /** The names in the registry, as of the last read. */
  #known: readonly string[] = [];
  /** The last lease of each node that was renewed here, while its name is in the registry as far as this process knows. */
  readonly #registered = new Map<string, NodeLease>();

  /** `status` is told by each renewal whether Redis takes writes. */
  constructor(redis: Redis, status?: WriteProbe) {
    this.#redis = redis;
    this.#status = status;
  }

  renew(node: string): Promise<NodeLease> {
    const renew = () => this.#renew(node);
    return this.#status?.probe(renew) ?? renew();
  }

  async #renew(node: string): Promise<NodeLease> {
    // In this order: whoever removes a name looks for the counter after that, and puts the name back. Carried out twice, a
    // counter rises by two.
    const lease = leaseFrom(await this.#redis.run(renewScript, [keyOf(node)], []));
    const before = this.#registered.get(node);
    // Who was forgotten begins anew, and what a failover loses may be the name.
    const isRegistered = before?.counter === lease.counter - 1 && before.lineage === lease.lineage;
    if (!isRegistered) await this.#redis.call(registry, 'SADD', registry, node);
    this.#registered.set(node, lease);
    return lease;
  }

  /** Those that were there at the last read are read beside the registry, which mostly names the same. */
  async read(): Promise<ReadonlyMap<string, NodeLease>> {
    const [nodes, ...known] = await Promise.all([this.#nodes(), ...this.#known.map(this.#named)]);
    const leases = new Map(known);
    const others = nodes.filter((node) => !leases.has(node));
    for (const [node, lease] of await Promise.all(others.map(this.#named))) leases.set(node, lease);
    for (const node of leases.keys()) if (!nodes.includes(node)) leases.delete(node);
    return leases;
  }

  async forget(node: string, counter: number): Promise<void> {
    if ((await this.#redis.run(forgetScript, [keyOf(node)], [counter])) !== 1) return;
    await this.#redis.call(registry, 'SREM', registry, node);
    // It may have come back between the two.
    const isBack = (await this.#redis.call(keyOf(node), 'EXISTS', keyOf(node))) === 1;
    if (isBack) await this.#redis.call(registry, 'SADD', registry, node);
  }

  /** Kept also where a lease can't be read meanwhile: next time it is not asked for one that is registered no more. */
  async #nodes(): Promise<readonly string[]> {
    const nodes = textsOf(await this.#redis.call(registry, 'SMEMBERS', registry));
    this.#known = nodes;
    for (const node of this.#registered.keys()) if (!nodes.includes(node)) this.#registered.delete(node);
    return nodes;
  }

  readonly #named = async (node: string): Promise<readonly [string, NodeLease]> => [
    node,
    leaseFrom(await this.#redis.run(readScript, [keyOf(node)], [])),
  ];
}

function leaseFrom(reply: RedisReply): NodeLease {
  const [counter, lineage = ''] = textsOf(reply);
  return { counter: Number(counter), lineage };
}

function keyOf(node: string): string {
  return `node:{${node}}`;
}
