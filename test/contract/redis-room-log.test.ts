import { RedisRoomLog } from '../../src/server/adapter/redis/stream/redis-room-log.ts';
import { systemClock as clock } from '../../src/shared/clock.ts';
import { advance, type RedisDeployment, redisDeployments } from './redis-deployments.ts';
import { type ForkingRoomLogFixture, forkingRoomLogContract, roomLogContract } from './room-log.contract.ts';

for (const { name, open } of redisDeployments()) {
  roomLogContract(`Redis, ${name}`, () => fixture(open));
  forkingRoomLogContract(`Redis, ${name}`, () => fixture(open));
}

async function fixture(open: RedisDeployment['open']): Promise<ForkingRoomLogFixture> {
  const redis = await open();
  const [maxBytes, keepMs] = [10_000, 2_000];
  const log = new RedisRoomLog({
    redis,
    clock,
    node: 'a',
    keepMs,
    maxBytes,
    emptyGraceMs: 1_000,
    commitTimeoutMs: 2_000,
  });
  return {
    log,
    maxBytes,
    keepMs,
    advance,
    async fork() {
      const key = 'room:{daily}:state';
      await redis.call(key, 'HSET', key, 'lineage', 'of a time before');
    },
    close() {
      log.close();
      redis.close();
      return Promise.resolve();
    },
  };
}
