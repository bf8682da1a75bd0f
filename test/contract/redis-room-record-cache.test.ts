import { create } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import { textOf } from '../../src/server/adapter/redis/client/redis-reply.ts';
import { RedisRoomRecordCache } from '../../src/server/adapter/redis/redis-room-record-cache.ts';
import { advance, redisDeployments } from './redis-deployments.ts';
import { roomRecordCacheContract } from './room-record-cache.contract.ts';

const deployments = redisDeployments();
for (const { name, open } of deployments) {
  roomRecordCacheContract(`Redis, ${name}`, async () => {
    const redis = await open();
    return {
      cache: new RedisRoomRecordCache(redis),
      ttlMs: 800,
      staleMs: 800,
      advance,
      close() {
        redis.close();
        return Promise.resolve();
      },
    };
  });
}

test('N2: an operator reads the record of a room, and what an operator wrote wrong counts as not there', async () => {
  const redis = await deployments[0]?.open();
  if (redis === undefined) throw new Error('there is no server');
  onTestFinished(() => redis.close());
  const cache = new RedisRoomRecordCache(redis);
  const key = 'room:{daily}';
  const read = async () => textOf(await redis.call(key, 'GET', key));
  await cache.put('daily', create(RoomRecordSchema, { roomId: 'daily', mode: RoomMode.SFU }), 60_000, 60_000);
  expect(JSON.parse(await read())).toEqual({
    freshUntilMs: expect.closeTo(Date.now() + 60_000, -4) as number,
    record: { roomId: 'daily', mode: 'ROOM_MODE_SFU' },
  });
  expect(Number(await redis.call(key, 'PTTL', key))).toBeGreaterThan(100_000);
  for (const wrong of ['no JSON', '{}', 'null', '{"freshUntilMs":1,"record":{"mode":[]}}']) {
    await redis.call(key, 'SET', key, wrong);
    expect(await cache.get('daily')).toBeUndefined();
  }
  const newer = '{"freshUntilMs":9e15,"record":{"roomId":"daily","later":1}}';
  await redis.call(key, 'SET', key, newer);
  expect((await cache.get('daily'))?.record?.roomId).toBe('daily');
  await cache.put('daily', undefined, 60_000, 0);
  expect(await read()).toContain('"noSuchRoom":true');
  await cache.put('daily', undefined, 0, 0);
  expect(await cache.get('daily')).toBeUndefined();
});
