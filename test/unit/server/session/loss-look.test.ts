import { expect, test } from 'vitest';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { LossLook } from '../../../../src/server/session/loss-look.ts';
import { PersistentCalls } from '../../../../src/server/session/persistent-calls.ts';
import { SessionKeeper } from '../../../../src/server/session/session-keeper.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { adas, loneSession } from './expiring-sessions.ts';

/** A node with this many sessions, of which its store has none. */
function setUp(count: number) {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const sessions = Array.from({ length: count }, () => loneSession(clock, adas()));
  const seen = { atOnce: 0, most: 0, looks: 0 };
  const restore = store.restore.bind(store);
  let failures = 0;
  store.restore = async (request) => {
    seen.looks += 1;
    seen.most = Math.max(seen.most, ++seen.atOnce);
    await new Promise(setImmediate);
    seen.atOnce -= 1;
    if (failures-- > 0) throw new SignalError(ErrorCode.UNAVAILABLE, 'out of reach');
    return restore(request);
  };
  const calls = new PersistentCalls(clock);
  let looksOver = 0;
  const look = new LossLook({
    live: () => sessions.map(({ session }) => session),
    keeper: new SessionKeeper(store),
    rooms: { hasLost: () => Promise.resolve(false), lossNoticed: () => undefined },
    calls,
    log: {
      ...quietLog,
      info: () => {
        looksOver += 1;
      },
    },
  });
  return {
    ...{ clock, store, sessions, seen, look },
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
