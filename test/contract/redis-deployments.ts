import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { RedisClient } from '../../src/server/adapter/redis/client/redis-client.ts';
import type { RedisPlace } from '../../src/server/adapter/redis/client/redis-topology.ts';
import { addressOf, connectTo } from '../redis/log-on-redis.ts';
import { RedisCluster } from '../redis/redis-cluster.ts';
import { RedisServer } from '../redis/redis-server.ts';

/** A Redis deployment that the tests of a file share. */
export interface RedisDeployment {
  readonly name: 'one server' | 'cluster of three masters';
  /** A node's connections to it, to be closed by whoever asked. All that is in it is removed first. */
  readonly open: () => Promise<RedisClient>;
}

/** Each kind of deployment, for the tests of this file. */
export function redisDeployments(): readonly RedisDeployment[] {
  let server: RedisServer | undefined;
  let cluster: RedisCluster | undefined;
  beforeAll(async () => {
    [server, cluster] = await Promise.all([
      RedisServer.start({ config: ['enable-debug-command yes'] }),
      RedisCluster.start({ masters: 3 }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([server?.stop(), cluster?.stop()]);
  });
  const opened = async (place: RedisPlace, servers: readonly RedisServer[]) => {
    for (const one of servers) await one.call('FLUSHALL');
    return connectTo(place);
  };
  return [
    {
      name: 'one server',
      async open() {
        if (server === undefined) throw new Error('the server was not started');
        return await opened({ kind: 'server', address: addressOf(server) }, [server]);
      },
    },
    {
      name: 'cluster of three masters',
      async open() {
        const masters = (await cluster?.masters()) ?? [];
        if (masters.length !== 3) throw new Error(`the cluster has ${masters.length} masters`);
        return await opened({ kind: 'cluster', nodes: masters.map(addressOf) }, masters);
      },
    },
  ];
}

/** Lets real time pass, as a server in another process needs. */
export async function advance(ms: number): Promise<void> {
  await delay(ms);
}
