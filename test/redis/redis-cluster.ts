import { eventually } from '../program/eventually.ts';
import { Program } from '../program/program.ts';
import { startAll } from '../program/start-all.ts';
import { infoField } from './call-redis.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';
import { moveSlot, type SlotMove, type SlotMoveHook } from './slot-move.ts';
import { stopAll } from './stop-all.ts';

export interface RedisClusterOptions {
  /** Default 3, which is the least. */
  readonly masters?: number;
  /** Of each master. Default 0. */
  readonly replicas?: 0 | 1;
  /** How each node is made. */
  readonly server?: Omit<RedisServerOptions, 'replicaOf' | 'isClusterNode' | 'password'>;
}

/** A line of `CLUSTER NODES`. */
interface NodeLine {
  readonly port: number;
  /** First and last slot of each range. */
  readonly ranges: readonly (readonly [number, number])[];
}

const createTimeoutMs = 30_000;
const settleTimeoutMs = 15_000;

/** A Redis Cluster on loopback. A node that is silent for 2 s is down for the others. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  /** Resolves when every node takes it that all is well, and every replica is in sync. */
  static async start(options: RedisClusterOptions = {}): Promise<RedisCluster> {
    const { masters = 3, replicas = 0, server = {} } = options;
    const nodes = await startAll(Array(masters * (1 + replicas)).keys(), () =>
      RedisServer.start({ ...server, isClusterNode: true }),
    );
    try {
      await createCluster(nodes, replicas);
      const cluster = new RedisCluster(nodes);
      await cluster.settled();
      return cluster;
    } catch (error) {
      await stopAll(nodes);
      throw error;
    }
  }

  get urls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  /** Those that have slots, by their first slot. */
  async masters(): Promise<readonly RedisServer[]> {
    const lines = (await this.#lines()).filter(({ ranges }) => ranges.length > 0);
    lines.sort((one, other) => (one.ranges[0]?.[0] ?? 0) - (other.ranges[0]?.[0] ?? 0));
    return lines.map(({ port }) => this.#at(port));
  }

  async masterOf(slot: number): Promise<RedisServer> {
    const owner = (await this.#lines()).find(({ ranges }) =>
      ranges.some(([first, last]) => first <= slot && slot <= last),
    );
    if (owner === undefined) throw new Error(`slot ${slot} is nobody's`);
    return this.#at(owner.port);
  }

  /** The slot of a key or of a sharded channel. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#running()[0]?.call('CLUSTER', 'KEYSLOT', key));
  }

  /** Kills the master at this place of `masters()` by SIGKILL and gives it. A replica of its own takes its place in a few seconds. */
  async killMaster(index: number): Promise<RedisServer> {
    const master = (await this.masters())[index];
    if (master === undefined) throw new Error(`there is no master ${index}`);
    await master.kill();
    return master;
  }

  /** Resolves when another node has a slot than this one, and all that run take it that all is well. */
  async successor(former: RedisServer, slot: number): Promise<RedisServer> {
    const master = await eventually(
      `another master than port ${former.port} for slot ${slot}`,
      async () => {
        const owner = await this.masterOf(slot);
        return owner === former ? undefined : owner;
      },
      settleTimeoutMs,
    );
    await this.settled();
    return master;
  }

  /** Moves a slot with its keys from its master to another while both serve; the hook is awaited after each step. */
  async moveSlot(
    slot: number,
    from: RedisServer,
    to: RedisServer,
    hook?: SlotMoveHook,
    options: Pick<SlotMove, 'keysInBatch'> = {},
  ): Promise<void> {
    await moveSlot({ slot, from, to, masters: await this.masters(), ...options }, hook);
  }

  /** The replica that copies a master. */
  async replicaOf(master: RedisServer): Promise<RedisServer> {
    for (const node of this.#running()) {
      const info = await node.call('INFO', 'replication');
      if (infoField(info, 'master_port') === String(master.port)) return node;
    }
    throw new Error(`nobody copies port ${master.port}`);
  }

  /** Resolves when the cluster is well for every node that runs, and its replicas are in sync. */
  async settled(): Promise<void> {
    await Promise.all(
      this.#running().map((node) =>
        eventually(`the cluster is well for port ${node.port}`, () => isWell(node), settleTimeoutMs),
      ),
    );
  }

  async stop(): Promise<void> {
    await stopAll(this.nodes);
  }

  /** The nodes that take part, as one that runs sees them. */
  async #lines(): Promise<readonly NodeLine[]> {
    const text = String(await this.#running()[0]?.call('CLUSTER', 'NODES'));
    return text.trim().split('\n').map(readNodeLine);
  }

  #running(): readonly RedisServer[] {
    return this.nodes.filter(({ isRunning }) => isRunning);
  }

  #at(port: number): RedisServer {
    const node = this.nodes.find((candidate) => candidate.port === port);
    if (node === undefined) throw new Error(`no node at port ${port}`);
    return node;
  }
}

async function createCluster(nodes: readonly RedisServer[], replicas: number): Promise<void> {
  const addresses = nodes.map(({ port, busPort }) => `127.0.0.1:${port}@${busPort}`);
  const args = ['--cluster', 'create', ...addresses, '--cluster-replicas', String(replicas), '--cluster-yes'];
  const program = await Program.start('redis-cli', args);
  try {
    await program.line(/All 16384 slots covered/, createTimeoutMs);
  } finally {
    await program.end(0);
  }
}

/** `<id> <address> <flags> <master> <ping> <pong> <epoch> <link> <range>…`, with slots that move as `[slot->-id]`. */
function readNodeLine(line: string): NodeLine {
  const [, address = '', , , , , , , ...slots] = line.split(' ');
  return {
    port: Number(/:(\d+)/.exec(address)?.[1]),
    ranges: slots
      .filter((range) => !range.startsWith('['))
      .map((range) => range.split('-').map(Number))
      .map(([first = 0, last = first]) => [first, last]),
  };
}

async function isWell(node: RedisServer): Promise<true | undefined> {
  if (infoField(await node.call('CLUSTER', 'INFO'), 'cluster_state') !== 'ok') return undefined;
  const link = infoField(await node.call('INFO', 'replication'), 'master_link_status');
  return link === undefined || link === 'up' || undefined;
}
