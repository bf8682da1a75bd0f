import { create, toJson } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RoomAccess, type RoomRecord, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import type { RoomRecordCache } from '../../src/server/port/room-record-cache.ts';

/** A RoomRecordCache under test, empty. `advance` lets its time pass; `close` fails on anything left open. */
export interface RoomRecordCacheFixture {
  readonly cache: RoomRecordCache;
  /** How long to keep records fresh, and how long stale: as long as its time is exact over many calls, and not longer than can be waited for. */
  readonly ttlMs: number;
  readonly staleMs: number;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

function record(roomId: string, title = 'Daily'): RoomRecord {
  return create(RoomRecordSchema, {
    roomId,
    mode: RoomMode.SFU,
    metadata: { title, ключ: '値' },
    policy: {
      access: RoomAccess.ASK,
      createOnJoin: true,
      capacity: 4_294_967_295,
      permissions: { subscribe: true },
      creatorIsHost: true,
      p2pFallback: true,
      sfuAbovePeers: 4,
    },
  });
}

const plain = (value: RoomRecord | undefined) => value && toJson(RoomRecordSchema, value);

/** What every RoomRecordCache keeps, whatever holds it. */
export function roomRecordCacheContract(name: string, make: () => Promise<RoomRecordCacheFixture>): void {
  describe(`RoomRecordCache: ${name}`, () => {
    let fixture: RoomRecordCacheFixture;
    let cache: RoomRecordCache;
    let ttlMs: number;
    let staleMs: number;
    beforeEach(async () => {
      fixture = await make();
      ({ cache, ttlMs, staleMs } = fixture);
    });
    afterEach(() => fixture.close());

    test('a room that was never put is not there', async () => {
      expect(await cache.get('daily')).toBeUndefined();
      expect(await cache.get('__proto__')).toBeUndefined();
      expect(await cache.get('constructor')).toBeUndefined();
    });

    test('R4: a record comes back fresh and with every field', async () => {
      await cache.put('daily', record('daily'), ttlMs, staleMs);
      const cached = await cache.get('daily');
      expect(cached?.stale).toBe(false);
      expect(plain(cached?.record)).toEqual(plain(record('daily')));
    });

    test('R4: that there is no such room is remembered as that', async () => {
      await cache.put('nowhere', undefined, ttlMs, 0);
      expect(await cache.get('nowhere')).toEqual({ record: undefined, stale: false });
      await fixture.advance(ttlMs + 1);
      expect(await cache.get('nowhere')).toBeUndefined();
    });

    test('R4: a record past its time is stale, and then forgotten', async () => {
      await cache.put('daily', record('daily'), ttlMs, staleMs);
      await fixture.advance(ttlMs + 1);
      const cached = await cache.get('daily');
      expect(cached?.stale).toBe(true);
      expect(plain(cached?.record)).toEqual(plain(record('daily')));
      await fixture.advance(staleMs);
      expect(await cache.get('daily')).toBeUndefined();
    });

    test('a later put takes the place of the earlier, with its own times', async () => {
      await cache.put('daily', undefined, ttlMs, staleMs);
      await cache.put('daily', record('daily', 'Weekly'), 10 * ttlMs, 0);
      await fixture.advance(ttlMs + 1);
      const cached = await cache.get('daily');
      expect(cached?.stale).toBe(false);
      expect(cached?.record?.metadata['title']).toBe('Weekly');
      await cache.put('daily', undefined, 10 * ttlMs, 0);
      expect(await cache.get('daily')).toEqual({ record: undefined, stale: false });
    });

    test('a get does not make a record live longer', async () => {
      await cache.put('daily', record('daily'), ttlMs, 0);
      await fixture.advance(ttlMs / 4);
      expect(await cache.get('daily')).toBeDefined();
      await fixture.advance((3 * ttlMs) / 4 + 1);
      expect(await cache.get('daily')).toBeUndefined();
    });

    test('rooms have nothing to do with one another', async () => {
      const ids = ['daily', 'daily.', 'Daily', '~', '.', '__proto__', 'x'.repeat(128)];
      for (const id of ids) await cache.put(id, record(id, id), ttlMs, staleMs);
      for (const id of ids) expect((await cache.get(id))?.record?.metadata['title']).toBe(id);
      expect(await cache.get('dail')).toBeUndefined();
    });

    test('who changes a record that was put or read changes nothing in the cache', async () => {
      const put = record('daily');
      await cache.put('daily', put, ttlMs, staleMs);
      put.metadata['title'] = 'changed by the writer';
      const read = await cache.get('daily');
      if (read?.record) read.record.metadata['title'] = 'changed by a reader';
      expect((await cache.get('daily'))?.record?.metadata['title']).toBe('Daily');
    });
  });
}
