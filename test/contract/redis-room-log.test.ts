import { afterAll, beforeAll } from 'vitest';
import { RedisClient } from '../../src/server/adapter/redis/redis-client.ts';
import { RedisRoomLog } from '../../src/server/adapter/redis/redis-room-log.ts';
import type { RedisPlace } from '../../src/server/adapter/redis/redis-topology.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { callRedis } from '../redis/call-redis.ts';
import { RedisCluster } from '../redis/redis-cluster.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { quietLog } from '../unit/quiet-log.ts';
import { type RoomLogFixture, roomLogContract } from './room-log.contract.ts';

let server: RedisServer;
let cluster: RedisCluster;
beforeAll(async () => {
  [server, cluster] = await Promise.all([RedisServer.start(), RedisCluster.start({ masters: 3 })]);
});
afterAll(async () => {
  await Promise.all([server.stop(), cluster.stop()]);
});

roomLogContract('Redis, one server', () =>
  fixture({ kind: 'server', address: addressOf(server) }, [server.port]),
);
roomLogContract('Redis Cluster, three masters', () =>
  fixture(
    { kind: 'cluster', nodes: cluster.nodes.map(addressOf) },
    cluster.nodes.map(({ port }) => port),
  ),
);

function addressOf({ port }: { readonly port: number }) {
  return { host: '127.0.0.1', port };
}

async function fixture(place: RedisPlace, ports: readonly number[]): Promise<RoomLogFixture> {
  for (const port of ports) await callRedis({ port }, 'FLUSHALL');
  const clock = systemClock;
  const redis = new RedisClient({
    place,
    access: { tls: false, database: 0 },
    clock,
    log: quietLog,
    deadlineMs: 1_000,
    callTimeoutMs: 2_000,
  });
  const maxBytes = 10_000;
  const keepMs = 2_000;
  const log = new RedisRoomLog({
    redis,
    clock,
    keepMs,
    maxBytes,
    emptyGraceMs: 1_000,
    commitTimeoutMs: 2_000,
  });
  return {
    log,
    maxBytes,
    keepMs,
    advance: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    close() {
      log.close();
      redis.close();
      return Promise.resolve();
    },
  };
}
