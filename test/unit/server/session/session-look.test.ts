import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { PersistentCalls } from '../../../../src/server/session/persistent-calls.ts';
import type { RoomMembership, Session } from '../../../../src/server/session/session.ts';
import { SessionKeeper } from '../../../../src/server/session/session-keeper.ts';
import { SessionLook } from '../../../../src/server/session/session-look.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { adas, loneSession } from './expiring-sessions.ts';

function unavailable(): Promise<never> {
  return Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'out of reach'));
}

/** A node with this many sessions, of which its store has none. */
function setUp(count: number) {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const sessions = Array.from({ length: count }, () => loneSession(clock, adas()));
  const seen = { atOnce: 0, most: 0, looks: 0 };
  const restore = store.restore.bind(store);
  let failures = 0;
  /** Sessions whose part of the store is away, and what becomes of what is asked of it. */
  const away = new Map<string, () => Promise<never>>();
  const roomsAway = new Set<string>();
  store.restore = async (request) => {
    seen.looks += 1;
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await new Promise(setImmediate);
    seen.atOnce -= 1;
    await away.get(request.sessionId)?.();
    if (failures-- > 0) await unavailable();
    return restore(request);
  };
  const calls = new PersistentCalls(clock);
  let looksOver = 0;
  const notOwn = new Map<Session, string>();
  const seenRooms: string[] = [];
  const look = new SessionLook({
    live: () => sessions.map(({ session }) => session),
    keeper: new SessionKeeper(store),
    rooms: {
      lossNoticed: () => seenRooms.push('all'),
      hasLost: (session, roomId) => {
        seenRooms.push(`${roomId} of ${session.sessionId}`);
        return roomsAway.has(roomId) ? unavailable() : Promise.resolve(false);
      },
    },
    calls,
    clock,
    onNotOwn: (session, ownership) => void notOwn.set(session, ownership.kind),
    log: {
      ...quietLog,
      info: () => {
        looksOver += 1;
      },
    },
  });
  return {
    ...{ clock, store, sessions, seen, look, notOwn, away, roomsAway, seenRooms },
    /** How many sessions the store has. */
    restored: async () => (await store.sessions('ada')).length,
    fail: (times: number) => {
      failures = times;
    },
    /** Resolves when so many looks are over. */
    over: (times: number, meanwhile: () => Promise<void> = () => Promise.resolve()) =>
      expect
        .poll(async () => {
          await meanwhile();
          return looksOver;
        })
        .toBe(times),
  };
}

test('N4: sessions that the store has lost are put back, few at a time, and have a higher gen', async () => {
  const { store, sessions, seen, look, over } = setUp(500);
  look.start('rooms-too');
  await over(1);
  expect(await store.sessions('ada')).toHaveLength(500);
  expect(seen.most).toBeLessThanOrEqual(128);
  const gens = new Map((await store.sessions('ada')).map(({ sessionId, gen }) => [sessionId, gen]));
  for (const { session, told } of sessions) {
    expect(session.gen).toBeGreaterThan(1);
    expect(gens.get(session.sessionId)).toBe(session.gen);
    expect(told).toEqual([]);
  }
});

test('who asks for a look while one is under way gets one more, however often', async () => {
  const { seen, look, over } = setUp(100);
  for (let times = 0; times < 5; times++) look.start('rooms-too');
  await over(2);
  expect(seen.looks).toBe(200);
});

test('N4: a store that can not be reached is asked again', async () => {
  const { clock, store, look, fail, over } = setUp(3);
  fail(3);
  look.start('rooms-too');
  await over(1, () => clock.advance(1_000));
  expect(await store.sessions('ada')).toHaveLength(3);
});

test('N4: sessions whose part of the store is away come again behind the others', async () => {
  const { clock, sessions, look, away, restored, over } = setUp(200);
  for (const { session } of sessions.slice(0, 128)) away.set(session.sessionId, unavailable);
  look.start('rooms-too');
  await expect.poll(restored).toBe(72);
  await clock.advance(1_000);
  away.clear();
  await over(1, () => clock.advance(1_000));
  expect(await restored()).toBe(200);
});

test('N4: a part of the store that does not answer keeps no other sessions from being put back', async () => {
  const { clock, sessions, look, away, restored, over } = setUp(300);
  const giveUp: (() => void)[] = [];
  const silent = () =>
    new Promise<never>((_, reject) => {
      giveUp.push(() => reject(new SignalError(ErrorCode.UNAVAILABLE, 'no answer')));
    });
  for (const { session } of sessions.slice(0, 200)) away.set(session.sessionId, silent);
  look.start('rooms-too');
  await expect.poll(() => giveUp.length).toBe(128);
  await clock.advance(100);
  await expect.poll(() => giveUp.length).toBe(200);
  await expect.poll(restored).toBe(100);
  away.clear();
  for (const end of giveUp) end();
  await over(1, () => clock.advance(1_000));
  expect(await restored()).toBe(300);
});

test('N4: a room that can not be reached keeps no other of its session from being looked at', async () => {
  const { clock, sessions, look, roomsAway, seenRooms, over } = setUp(1);
  const { sessionId = '' } = sessions[0]?.session ?? {};
  for (const roomId of ['away', 'there']) sessions[0]?.session.rooms.set(roomId, {} as RoomMembership);
  roomsAway.add('away');
  look.start('rooms-too');
  await expect.poll(() => seenRooms).toEqual(['all', `away of ${sessionId}`, `there of ${sessionId}`]);
  roomsAway.clear();
  await over(1, () => clock.advance(1_000));
});

test('N4: who asks for a look while a part of the store is away does not wait for that part', async () => {
  const { clock, store, sessions, look, away, restored, notOwn, over } = setUp(2);
  const [first, second] = sessions;
  away.set(first?.session.sessionId ?? '', unavailable);
  look.start('rooms-too');
  await expect.poll(restored).toBe(1);
  // All is lost again.
  const { userId = '', sessionId = '', gen = 0 } = second?.session ?? {};
  await store.end({ userId, sessionId }, gen, 'kicked');
  await store.forget({ userId, sessionId });
  look.start('rooms-too');
  await over(1, () => clock.advance(1_000));
  await expect.poll(() => notOwn.size).toBe(1);
  away.clear();
  await over(2, () => clock.advance(1_000));
});

test('N4: a session that was put back has its rooms looked at, also where they could not be at once', async () => {
  const { clock, sessions, look, roomsAway, seenRooms, over } = setUp(1);
  sessions[0]?.session.rooms.set('away', {} as RoomMembership);
  roomsAway.add('away');
  look.start('sessions');
  await expect.poll(() => seenRooms).toHaveLength(1);
  roomsAway.clear();
  await over(1, () => clock.advance(1_000));
  expect(seenRooms).toHaveLength(2);
});

test("sessions that are not the node's own any more are found, each as what it is", async () => {
  const { store, sessions, look, over, notOwn } = setUp(6);
  const [taken, adopted, ended, forgotten, older, own] = sessions.map(({ session }) => session) as [
    Session,
    Session,
    Session,
    Session,
    Session,
    Session,
  ];
  const secretHash = 'hash';
  for (const { userId, sessionId } of [taken, adopted, ended, forgotten, older, own])
    await store.open({ userId, sessionId, secretHash, node: 'a', windowMs: 1_000, policy: 'multiple' });
  const { userId, sessionId } = taken;
  await store.attach({ userId, sessionId, secretHash, node: 'b', windowMs: 1_000, attempt: 0 });
  await store.attach({
    userId,
    sessionId: adopted.sessionId,
    secretHash,
    node: 'b',
    windowMs: 1_000,
    attempt: 0,
  });
  await store.detach(adopted, 2, 1_000);
  await store.end(ended, 1, 'kicked');
  await store.end(forgotten, 1, 'replaced');
  await store.forget(forgotten);
  // A failover lost that it was attached once more.
  older.regained(7);
  look.start('sessions');
  await over(1);
  expect(notOwn).toEqual(
    new Map([
      [taken, 'taken'],
      [adopted, 'not-attached'],
      [ended, 'ended'],
      [forgotten, 'ended'],
      [older, 'not-attached'],
    ]),
  );
  expect(taken.gen).toBe(1);
});

test('N4: rooms are looked at where the store may have lost something, else only those of sessions that it had lost', async () => {
  const { store, sessions, look, over, seenRooms } = setUp(2);
  const [kept, lost] = sessions.map(({ session }) => session) as [Session, Session];
  for (const session of [kept, lost]) session.rooms.set('daily', {} as RoomMembership);
  const { userId, sessionId } = kept;
  await store.open({ userId, sessionId, secretHash: 'hash', node: 'a', windowMs: 1_000, policy: 'multiple' });
  look.start('sessions');
  await over(1);
  expect(seenRooms).toEqual([`daily of ${lost.sessionId}`]);
  look.start('sessions');
  look.start('rooms-too');
  await over(3);
  expect(seenRooms.slice(1)).toEqual(['all', `daily of ${kept.sessionId}`, `daily of ${lost.sessionId}`]);
});
