import { RedisRoomLog } from '../../src/server/adapter/redis/stream/redis-room-log.ts';
import { systemClock as clock } from '../../src/shared/clock.ts';
import { advance, redisDeployments } from './redis-deployments.ts';
import { roomLogContract } from './room-log.contract.ts';

for (const { name, open } of redisDeployments()) {
  roomLogContract(`Redis, ${name}`, async () => {
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
      close() {
        log.close();
        redis.close();
        return Promise.resolve();
      },
    };
  });
}
