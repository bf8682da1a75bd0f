import { createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/pino-log.ts';
import { startNode } from '../../src/server/main.ts';
import { directoryRoutes } from '../../src/services/directory/directory-service.ts';
import { OpenPolicy } from '../../src/services/directory/open-policy.ts';
import { CountingClock } from '../protocol/counting-clock.ts';
import { RedisServer } from '../redis/redis-server.ts';

test('S7: a start that is given up before the node listens does not wait for its store, and leaves nothing running', async () => {
  const redis = await RedisServer.start();
  await redis.stop();
  const secret = 'a secret of the tests, at least 32 bytes long';
  const config = readConfig({
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    JWT_SECRET: secret,
    REDIS_URL: redis.url,
  });
  const clock = new CountingClock();
  const log = await createLog({ ...config.log, destination: { write: () => undefined } });
  const stopped = new AbortController();
  const starting = startNode({
    config,
    clock,
    log,
    version: '0.0.0-test',
    tokenKeys: { kind: 'secret', secret },
    embeddedDirectory: createRouterTransport(directoryRoutes(new OpenPolicy({ production: false }))),
    pagesFolder: '/nonexistent',
    signal: stopped.signal,
  });
  stopped.abort();
  await expect(starting).rejects.toBe(stopped.signal.reason);
  await expect.poll(() => clock.pending).toBe(0);
});
