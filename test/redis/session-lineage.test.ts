import { expect, onTestFinished, test } from 'vitest';
import { RedisSessionStore } from '../../src/server/adapter/redis/session/redis-session-store.ts';
import { addressOf, connectTo } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

test('S6: no gen that a restart of Redis lost is given again', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const redis = connectTo({ kind: 'server', address: addressOf(server) });
  onTestFinished(() => redis.close());
  const store = new RedisSessionStore({ redis, endedKeepMs: 1_000 });
  const session = { userId: 'ada', sessionId: 's1', secretHash: 'hash', windowMs: 5_000 };
  const gens: number[] = [];
  const attach = async () => {
    const attached = await store.attach({ ...session, node: 'a', attempt: 0 });
    if (attached.outcome === 'attached') gens.push(attached.record.gen);
  };
  await store.open({ ...session, node: 'a', policy: 'multiple' });
  await attach();
  await server.call('SAVE');
  await attach();
  await attach();
  await server.kill();
  await server.restart();
  await attach();
  await attach();
  expect(gens.slice(0, 3)).toEqual([2, 3, 4]);
  expect(gens).toEqual([...new Set(gens)].toSorted((one, other) => one - other));
  expect(gens).toHaveLength(5);
});
