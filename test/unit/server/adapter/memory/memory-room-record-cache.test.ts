import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { MemoryRoomRecordCache } from '../../../../../src/server/adapter/memory/memory-room-record-cache.ts';
import { systemClock } from '../../../../../src/shared/clock.ts';

test('R4: the cache keeps no more answers than its limit, and drops the one that was not asked for longest', async () => {
  const cache = new MemoryRoomRecordCache({ clock: systemClock, maxRecords: 3 });
  const put = (roomId: string) => cache.put(roomId, create(RoomRecordSchema, { roomId }), 60_000, 60_000);
  for (const roomId of ['a', 'b', 'c']) await put(roomId);
  await cache.get('a');
  await put('d');
  expect(await cache.get('b')).toBeUndefined();
  for (const roomId of ['a', 'c', 'd']) expect((await cache.get(roomId))?.record?.roomId).toBe(roomId);
});

test('rooms that are not there count against the limit too', async () => {
  const cache = new MemoryRoomRecordCache({ clock: systemClock, maxRecords: 2 });
  for (let index = 0; index < 1_000; index++) await cache.put(`guess-${index}`, undefined, 60_000, 0);
  expect(await cache.get('guess-997')).toBeUndefined();
  expect(await cache.get('guess-998')).toBeDefined();
});
