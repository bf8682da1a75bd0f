import type { Redis } from '../../src/server/adapter/redis/client/redis.ts';
import { RedisSessionStore } from '../../src/server/adapter/redis/session/redis-session-store.ts';
import { twice } from '../redis/twice.ts';
import { advance, type RedisDeployment, redisDeployments } from './redis-deployments.ts';
import { type SessionStoreFixture, sessionStoreContract } from './session-store.contract.ts';

for (const { name, open } of redisDeployments()) {
  sessionStoreContract(`Redis, ${name}`, () => fixture(open, (redis) => redis));
  sessionStoreContract(`Redis, ${name}, that carries everything out twice`, () => fixture(open, twice));
}

async function fixture(
  open: RedisDeployment['open'],
  behind: (redis: Redis) => Redis,
): Promise<SessionStoreFixture> {
  const redis = await open();
  const keptMs = 1_500;
  return {
    store: new RedisSessionStore({ redis: behind(redis), endedKeepMs: keptMs }),
    windowMs: keptMs,
    endedKeepMs: keptMs,
    slackMs: 100,
    lateMs: 1_000,
    advance,
    close() {
      redis.close();
      return Promise.resolve();
    },
  };
}
