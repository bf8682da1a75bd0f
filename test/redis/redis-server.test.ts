import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { callRedis } from './call-redis.ts';
import { inSync } from './in-sync.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

test('a server is its own process, evicts nothing and keeps nothing past a kill', async () => {
  const server = await start();
  expect(await server.call('SET', 'key', 'value')).toBe('OK');
  expect(String(await server.call('INFO', 'server'))).toContain(`process_id:${server.pid}\r\n`);
  expect(await server.call('CONFIG', 'GET', 'maxmemory-policy')).toContain('noeviction');

  const former = { pid: server.pid, url: server.url };
  await server.kill();
  expect(server.isRunning).toBe(false);
  await expect(server.call('PING')).rejects.toThrow();
  await server.restart();
  expect(server.url).toBe(former.url);
  expect(server.pid).not.toBe(former.pid);
  expect(await server.call('GET', 'key')).toBeNull();
});

test('with an append-only file written at once, nothing is lost to a kill', async () => {
  const server = await start({ appendFsync: 'always' });
  await server.call('SET', 'key', 'value');
  await server.kill();
  await server.restart();
  expect(await server.call('GET', 'key')).toBe('value');
});

test('a paused server answers nothing until it goes on', async () => {
  const server = await start();
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  await redis.ping();
  server.pause();
  const answer = redis.ping();
  expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 200, 'silence'))])).toBe(
    'silence',
  );
  server.resume();
  expect(await answer).toBe('PONG');
});

test('a replica with a password of its primary copies it, and takes its place', async () => {
  const password = 'a "password" of tests';
  const primary = await start({ password });
  const replica = await start({ replicaOf: primary, password, config: ['replica-priority 7'] });
  await expect(callRedis({ port: primary.port }, 'PING')).rejects.toThrow('NOAUTH');
  await primary.call('SET', 'key', 'value');
  await inSync(replica, primary);
  expect(await replica.call('GET', 'key')).toBe('value');
  expect(await replica.call('CONFIG', 'GET', 'replica-priority')).toContain('7');
  await expect(replica.call('SET', 'key', 'other')).rejects.toThrow('READONLY');
  await primary.kill();
  await replica.call('REPLICAOF', 'NO', 'ONE');
  expect(await replica.call('SET', 'key', 'other')).toBe('OK');
});

test('a start that fails says what Redis said, and leaves nothing', async () => {
  await expect(RedisServer.start({ config: ['no-such-setting yes'] })).rejects.toThrow('no-such-setting');
});

test('a server that is stopped has gone with its folder, also from a pause', async () => {
  const server = await RedisServer.start();
  const [, folder = ''] = (await server.call('CONFIG', 'GET', 'dir')) as readonly string[];
  expect(existsSync(folder)).toBe(true);
  server.pause();
  await server.stop();
  expect(server.isRunning).toBe(false);
  expect(existsSync(folder)).toBe(false);
});

test('servers that are started at once get ports of their own', async () => {
  const servers = await Promise.all([start(), start(), start()]);
  expect(new Set(servers.map(({ port }) => port)).size).toBe(3);
});

test('a server that finds its port taken tries another', async () => {
  const other = await start();
  const firstLines = [`port ${other.port}`];
  let attempts = 0;
  const server = await RedisServer.startWith('redis-server', () => (attempts++ === 0 ? firstLines : []));
  onTestFinished(() => server.stop());
  expect(attempts).toBe(2);
  expect(String(await server.call('INFO', 'server'))).toContain(`process_id:${server.pid}\r\n`);
});
