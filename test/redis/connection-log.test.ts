import { expect, onTestFinished, test } from 'vitest';
import type { RedisAccess } from '../../src/server/adapter/redis/client/redis-connection.ts';
import type { RedisPlace } from '../../src/server/adapter/redis/client/redis-topology.ts';
import type { Log, LogFields } from '../../src/server/port/log.ts';
import { quietLog } from '../unit/quiet-log.ts';
import { addressOf, connectTo } from './log-on-redis.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';

interface Line {
  readonly level: 'info' | 'warn';
  readonly event: string;
  readonly fields: LogFields | undefined;
}

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A node's Redis, and what it logs of it at info and above. */
function loggedOf(place: RedisPlace, access: Partial<RedisAccess> = {}) {
  const lines: Line[] = [];
  const log: Log = {
    ...quietLog,
    info: (event, fields) => void lines.push({ level: 'info', event, fields }),
    warn: (event, fields) => void lines.push({ level: 'warn', event, fields }),
  };
  const redis = connectTo(place, { access: { tls: false, database: 0, ...access }, log });
  onTestFinished(() => redis.close());
  return { redis, lines, events: () => lines.map(({ event }) => event) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('O1: why Redis is not reached is logged once an outage, and that it is reached again', async () => {
  const server = await start();
  const { redis, lines, events } = loggedOf({ kind: 'server', address: addressOf(server) });
  await expect.poll(() => redis.isAvailable).toBe(true);
  await redis.subscribe('channel', { onMessage: () => undefined, onInterrupted: () => undefined });
  expect(events()).toEqual([]);
  await server.kill();
  await pause(1_500);
  const reasons = lines.map(({ fields }) => String(fields?.['reason']));
  expect(new Set(events())).toEqual(new Set(['redis.unreachable']));
  expect(new Set(reasons).size).toBe(reasons.length);
  expect(reasons.at(-1)).toContain('ECONNREFUSED');
  expect(lines[0]).toMatchObject({ level: 'warn', fields: { server: `127.0.0.1:${server.port}` } });
  const before = lines.length;
  await server.restart();
  await expect.poll(events, { timeout: 5_000 }).toContain('redis.reached');
  expect(lines.slice(before).map(({ event }) => event)).toEqual(['redis.reached']);
});

test('O1: a password that Redis refuses is logged as refused, and does not stand in the log', async () => {
  const server = await start({ password: 'the right one' });
  const { lines } = loggedOf(
    { kind: 'server', address: addressOf(server) },
    { password: 'a secret of tests' },
  );
  await expect
    .poll(() => lines.map(({ fields }) => fields?.['reason']))
    .toEqual([expect.stringContaining('WRONGPASS')]);
  await pause(500);
  expect(lines).toHaveLength(1);
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('O1: a server that repeats the password that it was given does not bring it into the log', async () => {
  // Such a server names the arguments of a command that it does not know.
  const server = await start({ config: ['rename-command HELLO ""', 'rename-command AUTH ""'] });
  const { lines } = loggedOf(
    { kind: 'server', address: addressOf(server) },
    { password: 'a-secret-of-tests' },
  );
  await expect.poll(() => lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).toContain('unknown command');
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('O1: what the user may not do that a node needs is logged, also of a subscription', async () => {
  const server = await start();
  await server.call('ACL', 'SETUSER', 'node', 'on', '>pass', '~*', '+@all', '-script');
  const access = { username: 'node', password: 'pass' };
  const { redis, lines, events } = loggedOf({ kind: 'server', address: addressOf(server) }, access);
  const reasons = () => lines.map(({ fields }) => fields?.['reason']);
  await expect.poll(reasons).toEqual([expect.stringContaining('NOPERM')]);
  expect(redis.isAvailable).toBe(false);
  await server.call('ACL', 'SETUSER', 'node', '+script', 'resetchannels');
  await expect.poll(() => redis.isAvailable, { timeout: 5_000 }).toBe(true);
  const subscription = redis.subscribe('channel', {
    onMessage: () => undefined,
    onInterrupted: () => undefined,
  });
  await expect.poll(events).toContain('redis.subscribe_refused');
  await pause(500);
  expect(events()).toEqual(['redis.unreachable', 'redis.reached', 'redis.subscribe_refused']);
  expect(reasons().at(-1)).toContain('NOPERM');
  await server.call('ACL', 'SETUSER', 'node', 'allchannels');
  (await subscription).close();
});

test('O1: a database that the server has not is not replaced by the first one', async () => {
  const server = await start();
  const { redis, lines } = loggedOf({ kind: 'server', address: addressOf(server) }, { database: 99 });
  await expect
    .poll(() => lines.map(({ fields }) => fields?.['reason']))
    .toEqual([expect.stringContaining('DB index is out of range')]);
  expect(redis.isAvailable).toBe(false);
});

test('O1: why the sentinels do not name a primary is logged once', async () => {
  const server = await start({ password: 'the right one' });
  const access = { tls: false, database: 0, password: 'a secret of tests' };
  const { lines } = loggedOf({ kind: 'sentinels', sentinels: [addressOf(server)], name: 'parley', access });
  await pause(1_500);
  expect(lines.map(({ event }) => event)).toEqual(['redis.unreachable']);
  expect(lines[0]?.fields?.['server']).toBe('sentinels');
  expect(lines[0]?.fields?.['reason']).toContain('WRONGPASS');
  expect(JSON.stringify(lines)).not.toContain('secret');
});

test('O1: a Redis that may evict what rooms stand on is warned of once, with what to do', async () => {
  const server = await start({ config: ['maxmemory-policy allkeys-lru', 'maxmemory 100mb'] });
  const { redis, lines, events } = loggedOf({ kind: 'server', address: addressOf(server) });
  await expect.poll(() => redis.isAvailable).toBe(true);
  const warnings = () => lines.filter(({ event }) => event === 'redis.may_evict');
  await expect.poll(warnings).toEqual([
    {
      level: 'warn',
      event: 'redis.may_evict',
      fields: {
        server: `127.0.0.1:${server.port}`,
        policy: 'allkeys-lru',
        maxmemoryBytes: 104_857_600,
        set: 'maxmemory-policy noeviction',
      },
    },
  ]);
  await server.restart();
  await expect.poll(events, { timeout: 5_000 }).toContain('redis.reached');
  expect(warnings()).toHaveLength(1);
});

test('O1: a Redis that evicts nothing is not warned of, be it by its policy or because it has no limit', async () => {
  for (const config of [['maxmemory 100mb'], ['maxmemory-policy allkeys-lru']]) {
    const server = await start({ config });
    const { redis, lines } = loggedOf({ kind: 'server', address: addressOf(server) });
    await expect.poll(() => redis.isAvailable).toBe(true);
    await pause(200);
    expect(lines).toEqual([]);
  }
});
