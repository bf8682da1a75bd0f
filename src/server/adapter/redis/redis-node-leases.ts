import type { NodeLease, NodeLeases } from '../../port/node-leases.ts';
import type { Redis, RedisReply } from './client/redis.ts';
import { textsOf } from './client/redis-reply.ts';
import { RedisScript } from './client/redis-script.ts';
import type { RedisStoreStatus } from './redis-store-status.ts';

const readScript = RedisScript.load(import.meta.url, 'lease-read.lua');
const renewScript = RedisScript.load(import.meta.url, 'lease-renew.lua');
const forgetScript = RedisScript.load(import.meta.url, 'lease-forget.lua');

/** The names of the nodes, in a slot of its own. */
const registry = 'nodes';

type WriteProbe = Pick<RedisStoreStatus, 'probe'>;

/** Leases in Redis: a counter in each node's slot. A lineage is the `master_replid` of the primary that has the counter. */
export class RedisNodeLeases implements NodeLeases {
  readonly #redis: Redis;
  readonly #status: WriteProbe | undefined;

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
    await this.#redis.call(registry, 'SADD', registry, node);
    return lease;
  }

  async read(): Promise<ReadonlyMap<string, NodeLease>> {
    const nodes = textsOf(await this.#redis.call(registry, 'SMEMBERS', registry));
    return new Map(await Promise.all(nodes.map(async (node) => [node, await this.#leaseOf(node)] as const)));
  }

  async forget(node: string, counter: number): Promise<void> {
    if ((await this.#redis.run(forgetScript, [keyOf(node)], [counter])) !== 1) return;
    await this.#redis.call(registry, 'SREM', registry, node);
    // It may have come back between the two.
    const isBack = (await this.#redis.call(keyOf(node), 'EXISTS', keyOf(node))) === 1;
    if (isBack) await this.#redis.call(registry, 'SADD', registry, node);
  }

  async #leaseOf(node: string): Promise<NodeLease> {
    return leaseFrom(await this.#redis.run(readScript, [keyOf(node)], []));
  }
}

function leaseFrom(reply: RedisReply): NodeLease {
  const [counter, lineage = ''] = textsOf(reply);
  return { counter: Number(counter), lineage };
}

function keyOf(node: string): string {
  return `node:{${node}}`;
}
