import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Redis } from '../../src/server/adapter/redis/redis.ts';
import { RedisNodeLeases } from '../../src/server/adapter/redis/redis-node-leases.ts';
import { PlainRedis } from '../redis/plain-redis.ts';
import { type SpareRedis, startSpareRedis } from '../redis/spare-redis.ts';
import { twice } from '../redis/twice.ts';
import { type NodeLeasesFixture, nodeLeasesContract } from './node-leases.contract.ts';

let server: SpareRedis;
beforeAll(async () => {
  server = await startSpareRedis();
});
afterAll(() => server.stop());

nodeLeasesContract('Redis', () => fixture((redis) => redis));
nodeLeasesContract('Redis that carries everything out twice', () => fixture(twice));

async function fixture(behind: (redis: Redis) => Redis): Promise<NodeLeasesFixture> {
  const redis = new PlainRedis(server.socketPath);
  await redis.call('', 'FLUSHALL');
  return {
    leases: new RedisNodeLeases(behind(redis)),
    close: () => {
      redis.close();
      return Promise.resolve();
    },
  };
}

test('the lineage is another when the server is, as after a failover', async () => {
  const redis = new PlainRedis(server.socketPath);
  const leases = new RedisNodeLeases(redis);
  await leases.renew('a');
  const before = (await leases.read()).get('a');
  await redis.call('', 'DEBUG', 'CHANGE-REPL-ID');
  const after = (await leases.read()).get('a');
  expect(after?.counter).toBe(before?.counter);
  expect(after?.lineage).toMatch(/^[0-9a-f]{40}$/);
  expect(after?.lineage).not.toBe(before?.lineage);
  redis.close();
});

test('a node that renews while it is being forgotten stays registered', async () => {
  const redis = new PlainRedis(server.socketPath);
  await redis.call('', 'FLUSHALL');
  const node = new RedisNodeLeases(redis);
  await node.renew('a');
  const other = new RedisNodeLeases({
    ...{ publish: redis.publish.bind(redis), subscribe: redis.subscribe.bind(redis) },
    run: redis.run.bind(redis),
    async call(key, command, ...args) {
      if (command === 'SREM') await node.renew('a');
      return redis.call(key, command, ...args);
    },
  });
  await other.forget('a', 1);
  expect([...(await node.read()).keys()]).toEqual(['a']);
  redis.close();
});
