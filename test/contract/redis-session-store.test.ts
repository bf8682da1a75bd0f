import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import type { Redis } from '../../src/server/adapter/redis/redis.ts';
import { RedisSessionStore } from '../../src/server/adapter/redis/redis-session-store.ts';
import { PlainRedis } from '../redis/plain-redis.ts';
import { type SpareRedis, startSpareRedis } from '../redis/spare-redis.ts';
import { twice } from '../redis/twice.ts';
import { type SessionStoreFixture, sessionStoreContract } from './session-store.contract.ts';

let server: SpareRedis;
beforeAll(async () => {
  server = await startSpareRedis();
});
afterAll(() => server.stop());

sessionStoreContract('Redis', () => fixture((redis) => redis));
sessionStoreContract('Redis that carries everything out twice', () => fixture(twice));

async function fixture(behind: (redis: Redis) => Redis): Promise<SessionStoreFixture> {
  const redis = new PlainRedis(server.socketPath);
  await redis.call('', 'FLUSHALL');
  const endedKeepMs = 600;
  return {
    store: new RedisSessionStore({ redis: behind(redis), endedKeepMs }),
    windowMs: 1_000,
    endedKeepMs,
    slackMs: 250,
    advance: async (ms: number) => {
      await delay(ms);
    },
    close: () => {
      redis.close();
      return Promise.resolve();
    },
  };
}
