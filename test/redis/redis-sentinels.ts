import { eventually } from '../program/eventually.ts';
import { startAll } from '../program/start-all.ts';
import { infoField } from './call-redis.ts';
import { inSync } from './in-sync.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';
import { stopAll } from './stop-all.ts';

export interface RedisSentinelsOptions {
  /** Default 1. */
  readonly replicas?: number;
  /** Default 3. */
  readonly sentinels?: number;
  /** How each data server is made. */
  readonly server?: Omit<RedisServerOptions, 'replicaOf' | 'isClusterNode' | 'password'>;
}

const name = 'parley';
const quorum = 2;
/**
 * A sentinel comes back to a primary that it was given in the place of another a second after it last tried the other one, and
 * counts from the change: with no more than that second it takes the new one for down, and fails over again.
 */
const downAfterMs = 2_000;
const failoverTimeoutMs = 3_000;
const settleTimeoutMs = 15_000;
/**
 * How often a sentinel asks and tells, for tests that have less time than its 1 to 10 s. Not how often it pings: what it knows of
 * a replica is good for five times that, and renewed once a second.
 */
const periods = ['info-period', 500, 'publish-period', 200, 'ask-period', 200];

/** A primary with replicas, and sentinels that put a replica in the place of a primary that is down for 2 s. */
export class RedisSentinels {
  /** As the sentinels call the primary. */
  readonly name = name;
  /** The data servers, in the order of their start: which is the primary now, `primary()` says. */
  readonly servers: readonly RedisServer[];
  readonly sentinels: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  /** Resolves when every replica is in sync and every sentinel knows all the others. */
  static async start(options: RedisSentinelsOptions = {}): Promise<RedisSentinels> {
    const { replicas = 1, sentinels: sentinelCount = 3, server = {} } = options;
    const primary = await RedisServer.start(server);
    const servers = [primary];
    const sentinels: RedisServer[] = [];
    try {
      const startReplica = () => RedisServer.start({ ...server, replicaOf: primary });
      servers.push(...(await startAll(Array(replicas).keys(), startReplica)));
      await Promise.all(servers.slice(1).map((replica) => inSync(replica, primary)));
      sentinels.push(...(await startAll(Array(sentinelCount).keys(), () => startSentinel(primary))));
      await Promise.all(sentinels.map((sentinel) => knowsAll(sentinel, replicas, sentinelCount - 1)));
      return new RedisSentinels(servers, sentinels);
    } catch (error) {
      await stopAll([...sentinels, ...servers]);
      throw error;
    }
  }

  /** Of the sentinels: `redis://127.0.0.1:PORT` each. */
  get urls(): readonly string[] {
    return this.sentinels.map(({ url }) => url);
  }

  /** The server that the sentinels name, all the same one. While they change it, that may be one that is down. */
  async primary(): Promise<RedisServer> {
    return await eventually(
      'the sentinels name one primary',
      async () => {
        const running = this.sentinels.filter(({ isRunning }) => isRunning);
        const ports = await Promise.all(running.map(primaryPort));
        return this.servers.find(({ port }) => ports.every((named) => named === port));
      },
      settleTimeoutMs,
    );
  }

  /** Kills the primary by SIGKILL and gives it, for a restart. `successor` waits for the one in its place. */
  async killPrimary(): Promise<RedisServer> {
    const primary = await this.primary();
    await primary.kill();
    return primary;
  }

  /** Resolves with another primary than this, which all sentinels name and which takes it that it is. */
  async successor(former: RedisServer, withinMs = settleTimeoutMs): Promise<RedisServer> {
    return await eventually(
      `a primary instead of the one at port ${former.port}`,
      async () => {
        const primary = await this.primary();
        if (primary === former) return undefined;
        const info = await primary.call('INFO', 'replication');
        return infoField(info, 'role') === 'master' ? primary : undefined;
      },
      withinMs,
    );
  }

  /** Puts a replica in the place of a primary that runs, and resolves with it when the former primary copies it. */
  async failover(): Promise<RedisServer> {
    const former = await this.primary();
    const [sentinel] = this.sentinels.filter(({ isRunning }) => isRunning);
    // A sentinel that finds no replica fit refuses; one that finds so only on the way gives up without a word.
    const primary = await eventually(
      'a sentinel carries a failover through',
      async () => {
        if ((await this.primary()) === former) await sentinel?.call('SENTINEL', 'FAILOVER', this.name);
        return await this.successor(former, 2 * failoverTimeoutMs);
      },
      2 * settleTimeoutMs,
    );
    await inSync(former, primary);
    return primary;
  }

  async stop(): Promise<void> {
    await stopAll([...this.sentinels, ...this.servers]);
  }
}

async function startSentinel(primary: RedisServer): Promise<RedisServer> {
  const sentinel = await RedisServer.startWith('redis-sentinel', () => [
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
    `sentinel failover-timeout ${name} ${failoverTimeoutMs}`,
  ]);
  await sentinel.call('SENTINEL', 'DEBUG', ...periods);
  return sentinel;
}

async function primaryPort(sentinel: RedisServer): Promise<number> {
  const address = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
  return Number((address as readonly string[])[1]);
}

async function knowsAll(sentinel: RedisServer, replicas: number, others: number): Promise<void> {
  const line = new RegExp(`status=ok,.*,slaves=${replicas},sentinels=${others + 1}\\b`);
  await eventually(
    `the sentinel at port ${sentinel.port} knows all`,
    async () => line.test(String(await sentinel.call('INFO', 'sentinel'))) || undefined,
    settleTimeoutMs,
  );
}
