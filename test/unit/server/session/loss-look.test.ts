import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { LossLook } from '../../../../src/server/session/loss-look.ts';
import { PersistentCalls } from '../../../../src/server/session/persistent-calls.ts';
import type { RoomMembership } from '../../../../src/server/session/session.ts';
import { SessionKeeper } from '../../../../src/server/session/session-keeper.ts';
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
  const roomsLookedAt: string[] = [];
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
  const look = new LossLook({
    live: () => sessions.map(({ session }) => session),
    keeper: new SessionKeeper(store),
    rooms: {
      hasLost: (_, roomId) => {
        roomsLookedAt.push(roomId);
        return roomsAway.has(roomId) ? unavailable() : Promise.resolve(false);
      },
      lossNoticed: () => undefined,
    },
    calls,
    clock,
    log: {
      ...quietLog,
      info: () => {
        looksOver += 1;
      },
    },
  });
  return {
    ...{ clock, store, sessions, seen, look, away, roomsAway, roomsLookedAt },
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
  look.start();
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
  for (let times = 0; times < 5; times++) look.start();
  await over(2);
  expect(seen.looks).toBe(200);
});

test('N4: a store that can not be reached is asked again', async () => {
  const { clock, store, look, fail, over } = setUp(3);
  fail(3);
  look.start();
  await over(1, () => clock.advance(1_000));
  expect(await store.sessions('ada')).toHaveLength(3);
});

test('N4: sessions whose part of the store is away come again behind the others', async () => {
  const { clock, sessions, look, away, restored, over } = setUp(200);
  for (const { session } of sessions.slice(0, 128)) away.set(session.sessionId, unavailable);
  look.start();
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
  look.start();
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
  const { clock, sessions, look, roomsAway, roomsLookedAt, over } = setUp(1);
  for (const roomId of ['away', 'there']) sessions[0]?.session.rooms.set(roomId, {} as RoomMembership);
  roomsAway.add('away');
  look.start();
  await expect.poll(() => roomsLookedAt).toEqual(['away', 'there']);
  roomsAway.clear();
  await over(1, () => clock.advance(1_000));
});

test('N4: who asks for a look while a part of the store is away does not wait for that part', async () => {
  const { clock, store, sessions, look, away, restored, over } = setUp(2);
  const [first, second] = sessions;
  away.set(first?.session.sessionId ?? '', unavailable);
  look.start();
  await expect.poll(restored).toBe(1);
  // All is lost again.
  const { userId = '', sessionId = '', gen = 0 } = second?.session ?? {};
  await store.end({ userId, sessionId }, gen, 'kicked');
  await store.forget({ userId, sessionId });
  look.start();
  await over(1, () => clock.advance(1_000));
  await expect.poll(() => second?.told).toEqual(['close 4003']);
  away.clear();
  await over(2, () => clock.advance(1_000));
});

test("a session that is another node's by now is told so", async () => {
  const { store, sessions, look, over } = setUp(2);
  const [first, second] = sessions;
  const { userId = '', sessionId = '' } = first?.session ?? {};
  await store.open({ userId, sessionId, secretHash: 'hash', node: 'b', windowMs: 1_000, policy: 'multiple' });
  await store.attach({ userId, sessionId, secretHash: 'hash', node: 'b', windowMs: 1_000, attempt: 0 });
  look.start();
  await over(1);
  expect(first?.told).toEqual(['close 4003']);
  expect(second?.told).toEqual([]);
  expect(first?.session.gen).toBe(1);
});
