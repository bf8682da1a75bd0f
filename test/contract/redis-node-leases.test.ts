import { expect, onTestFinished, test } from 'vitest';
import type { Redis } from '../../src/server/adapter/redis/client/redis.ts';
import type { RedisClient } from '../../src/server/adapter/redis/client/redis-client.ts';
import { RedisNodeLeases } from '../../src/server/adapter/redis/redis-node-leases.ts';
import { twice } from '../redis/twice.ts';
import { type NodeLeasesFixture, nodeLeasesContract } from './node-leases.contract.ts';
import { type RedisDeployment, redisDeployments } from './redis-deployments.ts';

const deployments = redisDeployments();
for (const { name, open } of deployments) {
  nodeLeasesContract(`Redis, ${name}`, () => fixture(open, (redis) => redis));
  nodeLeasesContract(`Redis, ${name}, that carries everything out twice`, () => fixture(open, twice));
}

async function fixture(
  open: RedisDeployment['open'],
  behind: (redis: Redis) => Redis,
): Promise<NodeLeasesFixture> {
  const redis = await open();
  return {
    leases: new RedisNodeLeases(behind(redis)),
    close() {
      redis.close();
      return Promise.resolve();
    },
  };
}

/** On one server, until the test ends. */
async function openOne(): Promise<RedisClient> {
  const redis = await deployments[0]?.open();
  if (redis === undefined) throw new Error('there is no server');
  onTestFinished(() => redis.close());
  return redis;
}

test('the lineage is another when the server is, as after a failover', async () => {
  const redis = await openOne();
  const leases = new RedisNodeLeases(redis);
  await leases.renew('a');
  const before = (await leases.read()).get('a');
  await redis.call('', 'DEBUG', 'CHANGE-REPL-ID');
  const after = (await leases.read()).get('a');
  expect(after?.counter).toBe(before?.counter);
  expect(after?.lineage).toMatch(/^[0-9a-f]{40}$/);
  expect(after?.lineage).not.toBe(before?.lineage);
});

test('a node that renews while it is being forgotten stays registered', async () => {
  const redis = await openOne();
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
});

test('a renewal tells of another lineage, and of a store that was flushed', async () => {
  const redis = await openOne();
  const leases = new RedisNodeLeases(redis);
  const first = await leases.renew('a');
  await redis.call('', 'DEBUG', 'CHANGE-REPL-ID');
  const second = await leases.renew('a');
  expect(second.lineage).not.toBe(first.lineage);
  await redis.call('', 'FLUSHALL');
  expect((await leases.renew('a')).counter).toBeLessThanOrEqual(second.counter);
});

test('a renewal that is carried out once makes the counter higher by one', async () => {
  const leases = new RedisNodeLeases(await openOne());
  const { counter } = await leases.renew('a');
  expect((await leases.renew('a')).counter).toBe(counter + 1);
});

test('a node is registered once, and again where its name is gone or it begins anew', async () => {
  const redis = await openOne();
  let registered = 0;
  const leases = new RedisNodeLeases({
    ...{ publish: redis.publish.bind(redis), subscribe: redis.subscribe.bind(redis) },
    run: redis.run.bind(redis),
    call(key, command, ...args) {
      if (command === 'SADD') registered += 1;
      return redis.call(key, command, ...args);
    },
  });
  for (let i = 0; i < 3; i++) await leases.renew('a');
  await leases.read();
  await leases.renew('a');
  expect(registered).toBe(1);
  await redis.call('nodes', 'SREM', 'nodes', 'a');
  expect((await leases.read()).size).toBe(0);
  await leases.renew('a');
  expect((await leases.read()).size).toBe(1);
  await new RedisNodeLeases(redis).forget('a', 5);
  await leases.renew('a');
  expect((await leases.read()).size).toBe(1);
  await redis.call('', 'DEBUG', 'CHANGE-REPL-ID');
  await leases.renew('a');
  expect(registered).toBe(4);
});

test('a lease that can not be read keeps back the others no longer than its node is registered', async () => {
  const redis = await openOne();
  let isAway = false;
  const leases = new RedisNodeLeases({
    ...{ publish: redis.publish.bind(redis), subscribe: redis.subscribe.bind(redis) },
    async run(script, keys, args) {
      const reply = await redis.run(script, keys, args);
      if (isAway && keys[0] === 'node:{b}') throw new Error('away');
      return reply;
    },
    call: redis.call.bind(redis),
  });
  await leases.renew('a');
  const { counter } = await leases.renew('b');
  await leases.read();
  await new RedisNodeLeases(redis).forget('b', counter);
  isAway = true;
  await expect(leases.read()).rejects.toThrow('away');
  expect([...(await leases.read()).keys()]).toEqual(['a']);
});
