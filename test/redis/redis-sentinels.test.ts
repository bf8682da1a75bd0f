import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { inSync } from './in-sync.ts';
import { RedisSentinels } from './redis-sentinels.ts';

test('sentinels put the replica in the place of a primary that is killed, and of one that runs', async () => {
  const sentinels = await RedisSentinels.start();
  onTestFinished(() => sentinels.stop());
  const [first, second] = sentinels.servers;
  expect(await sentinels.primary()).toBe(first);

  const addresses = sentinels.urls.map((url) => ({ host: '127.0.0.1', port: Number(new URL(url).port) }));
  const redis = new Redis({ sentinels: addresses, name: sentinels.name });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  await redis.set('key', 'value');
  if (first === undefined || second === undefined) throw new Error('there are two servers');
  await inSync(second, first);

  const killed = await sentinels.killPrimary();
  expect(killed).toBe(first);
  expect(await sentinels.successor(killed)).toBe(second);
  expect(await redis.get('key')).toBe('value');

  await killed.restart();
  await inSync(killed, second);
  expect(await sentinels.failover()).toBe(first);
  expect(await sentinels.primary()).toBe(first);
});
