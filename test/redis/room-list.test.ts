import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RedisClient } from '../../src/server/adapter/redis/client/redis-client.ts';
import { RoomList } from '../../src/server/adapter/redis/stream/room-list.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { addressOf, connectTo, logOn, offsetOf, room, saying } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

const sweepIntervalMs = 10_000;

async function setUp(wrap: (redis: RedisClient, server: RedisServer) => Pick<RedisClient, 'call'>) {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const client = connectTo({ kind: 'server', address: addressOf(server) });
  onTestFinished(() => client.close());
  const clock = new FakeClock();
  const redis = Object.assign(Object.create(client) as RedisClient, wrap(client, server));
  const list = new RoomList({ redis, clock });
  onTestFinished(() => list.close());
  return { server, clock, list };
}

const asItIs = (redis: RedisClient) => ({ call: redis.call.bind(redis) });

test('R3: rooms that are gone are not named in Redis for ever, though nobody lists them', async () => {
  const { server, clock, list } = await setUp(asItIs);
  for (let index = 0; index < 200; index++) await list.add(`gone-${index}`);
  await server.call('HSET', 'room:{empty}:state', 'epoch', '1');
  await server.call('HSET', 'room:{lively}:members', 'peer', 'member');
  await list.add('empty');
  await list.add('lively');
  await clock.advance(sweepIntervalMs);
  await vi.waitFor(
    async () => expect(await server.call('ZRANGE', 'rooms', 0, -1)).toEqual(['empty', 'lively']),
    5_000,
  );
  list.close();
  expect(clock.pending).toBe(0);
});

test('a room that begins while it is taken from the list is on it', async () => {
  const { server, list } = await setUp((redis, server) => ({
    async call(key, command, ...args) {
      if (command === 'ZREM') await server.call('HSET', 'room:{daily}:state', 'epoch', '1');
      return await redis.call(key, command, ...args);
    },
  }));
  await list.add('daily');
  await list.withMembers('', 10);
  expect(await server.call('ZRANGE', 'rooms', 0, -1)).toEqual(['daily']);
});

test('a room that begins anew is listed at once, though the node had listed it before', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const node = logOn({ kind: 'server', address: addressOf(server) });
  onTestFinished(() => node.close());
  const member = { sessionId: 's', userId: 'u', gen: 1, node: 'a', info: new Uint8Array() };
  const join = (seq: number) =>
    node.log.commit(room, { ...saying(seq), changes: [{ kind: 'add-member', peerId: 'ada', member }] });
  await join(1);
  await server.call('FLUSHALL');
  await join(2);
  await vi.waitFor(async () => expect(await node.log.rooms('', 10)).toEqual(['daily']), 2_000);
});

test('N4: no room waits for the list of rooms while its slot is away, and what was not listed then is later', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const redis = connectTo({ kind: 'server', address: addressOf(server) });
  const call = redis.call.bind(redis);
  let isAway = true;
  redis.call = async (key, command, ...args) => {
    if (command !== 'ZADD' || !isAway) return call(key, command, ...args);
    await delay(2_000);
    throw new SignalError(ErrorCode.UNAVAILABLE, 'on purpose');
  };
  const node = logOn({ kind: 'server', address: addressOf(server) }, { redis });
  onTestFinished(() => node.close());
  const member = { sessionId: 's', userId: 'u', gen: 1, node: 'a', info: new Uint8Array() };
  const join = (seq: number, peerId: string) =>
    node.log.commit(room, { ...saying(seq), changes: [{ kind: 'add-member', peerId, member }] });
  const joined = Promise.resolve(join(1, 'ada'));
  const sentMs = performance.now();
  expect(offsetOf(await node.commit(2, 'ben'))).toBe(2);
  expect(performance.now() - sentMs).toBeLessThan(1_000);
  expect(offsetOf(await joined)).toBe(1);
  // Known to be away, it is not waited for at all.
  const againMs = performance.now();
  expect(offsetOf(await join(3, 'cleo'))).toBe(3);
  expect(performance.now() - againMs).toBeLessThan(1_000);
  expect(await node.log.rooms('', 10)).toEqual([]);
  isAway = false;
  await vi.waitFor(async () => expect(await node.log.rooms('', 10)).toEqual(['daily']), 5_000);
});
