import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createRouterTransport } from '@connectrpc/connect';
import { beforeEach, expect, test } from 'vitest';
import { DirectoryService, RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { RoomMode } from '../../../../../gen/parley/signal/v1/room_pb.ts';
import { ConnectDirectory } from '../../../../../src/server/adapter/directory/connect-directory.ts';
import { ReadThroughDirectory } from '../../../../../src/server/adapter/directory/read-through-directory.ts';
import { MemoryRoomRecordCache } from '../../../../../src/server/adapter/memory/memory-room-record-cache.ts';
import type { Log } from '../../../../../src/server/port/log.ts';
import type { RoomRecordCache } from '../../../../../src/server/port/room-record-cache.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../../contract/fake-clock.ts';

const hourMs = 3_600_000;

/** The service behind it: which rooms were asked for, and what it does. */
let asked: string[];
let away: boolean;
let rooms: Set<string>;
let clock: FakeClock;
let events: string[];
let release: (() => void) | undefined;

const log: Log = {
  debugEnabled: false,
  debug: () => undefined,
  info: (event) => void events.push(event),
  warn: (event, fields) => void events.push(`${event} ${Object.values(fields ?? {}).join(' ')}`),
  error: (event) => void events.push(event),
  child: () => log,
  user: () => 'hash',
};

const transport = createRouterTransport(({ service }) => {
  service(DirectoryService, {
    async getRoom({ roomId }) {
      asked.push(roomId);
      if (release !== undefined) await new Promise<void>((resolve) => (release = resolve));
      if (away) throw new ConnectError('down', Code.Unavailable);
      if (!rooms.has(roomId)) throw new ConnectError('none', Code.NotFound);
      return { room: create(RoomRecordSchema, { roomId, mode: RoomMode.SFU }) };
    },
    authorizeJoin: ({ userId }) => ({ allowed: userId === 'ann', reason: 'no' }),
    getUsers: ({ userIds }) => {
      asked.push(...userIds.map((userId) => `user ${userId}`));
      if (away) throw new ConnectError('down', Code.Unavailable);
      return { users: userIds.includes('ann') ? [{ userId: 'ann', displayName: 'Ann' }] : [] };
    },
  });
});

beforeEach(() => {
  asked = [];
  events = [];
  away = false;
  rooms = new Set(['daily', 'weekly']);
  clock = new FakeClock();
  release = undefined;
});

function readThrough(cache: RoomRecordCache = new MemoryRoomRecordCache({ clock, maxRecords: 100 })) {
  const directory = new ConnectDirectory({ transport, deadlineMs: 2_000 });
  return new ReadThroughDirectory({
    directory,
    cache,
    log,
    ttlMs: hourMs,
    staleMs: 24 * hourMs,
    notFoundTtlMs: 5_000,
    userTtlMs: 60_000,
    maxUsers: 2,
    clock,
  });
}

test('R4: a miss reads through and fills the cache, a hit causes no call for its hour', async () => {
  const directory = readThrough();
  expect((await directory.getRoom('daily'))?.mode).toBe(RoomMode.SFU);
  await clock.advance(hourMs - 1);
  expect((await directory.getRoom('daily'))?.mode).toBe(RoomMode.SFU);
  expect(asked).toEqual(['daily']);
  await clock.advance(1);
  await directory.getRoom('daily');
  expect(asked).toEqual(['daily', 'daily']);
});

test('R4: concurrent misses of one room cause one call', async () => {
  const directory = readThrough();
  const records = await Promise.all([
    ...Array.from({ length: 50 }, () => directory.getRoom('daily')),
    directory.getRoom('weekly'),
  ]);
  expect(records.map((record) => record?.roomId)).toEqual([...Array<string>(50).fill('daily'), 'weekly']);
  expect(asked.sort()).toEqual(['daily', 'weekly']);
});

test('R4: concurrent misses share a refusal, and the next one asks again', async () => {
  const directory = readThrough();
  away = true;
  const outcomes = await Promise.allSettled([directory.getRoom('daily'), directory.getRoom('daily')]);
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  expect(asked).toEqual(['daily']);
  away = false;
  expect(await directory.getRoom('daily')).toBeDefined();
});

test('R4: "not found" is cached, but briefly', async () => {
  const directory = readThrough();
  expect(await directory.getRoom('new')).toBeUndefined();
  rooms.add('new');
  await clock.advance(4_999);
  expect(await directory.getRoom('new')).toBeUndefined();
  expect(asked).toEqual(['new']);
  await clock.advance(1);
  expect((await directory.getRoom('new'))?.roomId).toBe('new');
});

test('R4: with the Directory down a stale record serves, and a log line says so', async () => {
  const directory = readThrough();
  await directory.getRoom('daily');
  await clock.advance(2 * hourMs);
  away = true;
  expect((await directory.getRoom('daily'))?.mode).toBe(RoomMode.SFU);
  expect(asked).toEqual(['daily', 'daily']);
  expect(events).toEqual(['directory.stale_record daily']);
});

test('R4: with the Directory down and no record at hand it is DIRECTORY_UNAVAILABLE', async () => {
  const directory = readThrough();
  await directory.getRoom('daily');
  await directory.getRoom('nowhere');
  away = true;
  await clock.advance(30 * hourMs);
  for (const roomId of ['daily', 'nowhere', 'weekly']) {
    const refusal: unknown = await directory.getRoom(roomId).catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(SignalError);
    expect(refusal).toMatchObject({ code: ErrorCode.DIRECTORY_UNAVAILABLE, retryable: true });
  }
});

test('R4: a room that is gone from the Directory is gone here when its hour is over', async () => {
  const directory = readThrough();
  await directory.getRoom('daily');
  rooms.delete('daily');
  await clock.advance(hourMs);
  expect(await directory.getRoom('daily')).toBeUndefined();
  away = true;
  await clock.advance(5_000);
  await expect(directory.getRoom('daily')).rejects.toMatchObject({ code: ErrorCode.DIRECTORY_UNAVAILABLE });
});

test('R4: a cache that fails costs calls, never an answer', async () => {
  const gone = () => Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'the store is away'));
  const directory = readThrough({ get: gone, put: gone });
  expect((await directory.getRoom('daily'))?.roomId).toBe('daily');
  expect((await directory.getRoom('daily'))?.roomId).toBe('daily');
  expect(asked).toEqual(['daily', 'daily']);
  expect(events).toEqual(Array(4).fill('directory.cache_failed UNAVAILABLE'));
  away = true;
  await expect(directory.getRoom('daily')).rejects.toMatchObject({ code: ErrorCode.DIRECTORY_UNAVAILABLE });
});

test('a call that is under way does not hold up other rooms', async () => {
  const directory = readThrough();
  release = () => undefined;
  const slow = directory.getRoom('daily');
  while (asked.length === 0) await new Promise(setImmediate);
  const finish = release;
  release = undefined;
  expect((await directory.getRoom('weekly'))?.roomId).toBe('weekly');
  finish();
  expect((await slow)?.roomId).toBe('daily');
});

test('R2: who may enter is asked each time, past the cache', async () => {
  const directory = readThrough();
  expect(await directory.authorizeJoin('daily', 'ann')).toEqual({ allowed: true });
  expect(await directory.authorizeJoin('daily', 'eve')).toEqual({ allowed: false, reason: 'no' });
  expect(await directory.getUser('ann')).toEqual({ displayName: 'Ann', avatarUrl: '' });
});

test('R1: who a user is, is asked once a minute, also by many at once, and again after a failure', async () => {
  const directory = readThrough();
  const ann = { displayName: 'Ann', avatarUrl: '' };
  const both = Promise.all([directory.getUser('ann'), directory.getUser('ann')]);
  expect(await both).toEqual([ann, ann]);
  await clock.advance(59_000);
  expect(await directory.getUser('ann')).toEqual(ann);
  expect(asked).toEqual(['user ann']);
  await clock.advance(2_000);
  expect(await directory.getUser('ann')).toEqual(ann);
  expect(asked).toEqual(['user ann', 'user ann']);

  expect(await directory.getUser('eve')).toBeUndefined();
  expect(await directory.getUser('eve')).toBeUndefined();
  expect(asked).toEqual(['user ann', 'user ann', 'user eve']);

  away = true;
  await expect(directory.getUser('bob')).rejects.toMatchObject({ code: ErrorCode.DIRECTORY_UNAVAILABLE });
  away = false;
  expect(await directory.getUser('bob')).toBeUndefined();
});
