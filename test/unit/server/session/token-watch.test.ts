import { expect, test } from 'vitest';
import { TokenWatch } from '../../../../src/server/session/token-watch.ts';
import type { Clock } from '../../../../src/shared/clock.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { adas, loneSession } from './expiring-sessions.ts';

const dayMs = 86_400_000;

/** A watch that warns a minute ahead, with a session whose token holds for this long. */
function watched(holdsMs: number | undefined, clock = new FakeClock(), timers: Clock = clock) {
  const expired: unknown[] = [];
  const watch = new TokenWatch({
    clock: timers,
    warningMs: 60_000,
    onExpired: (session) => expired.push(session),
  });
  const identity = holdsMs === undefined ? adas() : adas(clock.now() + holdsMs);
  const { session, told } = loneSession(clock, identity);
  watch.watch(session);
  return { clock, watch, session, told, expired };
}

test('a client is warned a minute before its token expires, and once', async () => {
  const { clock, told, expired } = watched(3_600_000);
  await clock.advance(3_540_000 - 1);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(['tokenExpiring']);
  await clock.advance(60_000 - 1);
  expect(expired).toEqual([]);
  await clock.advance(1);
  expect(expired).toHaveLength(1);
  expect(told).toEqual(['tokenExpiring']);
  expect(clock.pending).toBe(0);
});

test.each([
  [119_000, 59_500],
  [60_000, 30_000],
  [2_000, 1_000],
])(
  'of a token that holds for %i ms it is warned after %i ms, the half of that',
  async (holdsMs, warnedMs) => {
    const { clock, told } = watched(holdsMs);
    await clock.advance(warnedMs - 1);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(['tokenExpiring']);
  },
);

test('a token that expired while its client signed in is over at once', async () => {
  const { clock, expired } = watched(-1);
  await clock.advance(0);
  expect(expired).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('a token without an expiry has no timer, and one for years never has a timer that is longer than Node has them', async () => {
  expect(watched(undefined).clock.pending).toBe(0);
  const clock = new FakeClock();
  let longestMs = 0;
  const timers: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => {
      longestMs = Math.max(longestMs, delayMs);
      return clock.after(delayMs, callback);
    },
  };
  const { told, expired } = watched(60 * dayMs, clock, timers);
  await clock.advance(60 * dayMs - 60_001);
  expect(told).toEqual([]);
  await clock.advance(60_000);
  expect([told, expired]).toEqual([['tokenExpiring'], []]);
  await clock.advance(1);
  expect(expired).toHaveLength(1);
  expect(longestMs).toBeLessThan(2 ** 31);
});

test('a wall clock that is set ahead is noticed within the hour, one that is set back ends nothing early', async () => {
  const clock = new FakeClock();
  let offsetMs = 0;
  const wall: Clock = {
    now: () => clock.now() + offsetMs,
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
  const { expired } = watched(10 * 3_600_000, clock, wall);
  offsetMs = 20 * 3_600_000;
  await clock.advance(3_600_000);
  expect(expired).toHaveLength(1);
  offsetMs = 0;
  const set = watched(60_000, clock, wall);
  offsetMs = -30_000;
  await clock.advance(89_999);
  expect(set.expired).toEqual([]);
  await clock.advance(1);
  expect(set.expired).toHaveLength(1);
});

test('a renewed token is watched in place of the one before, and is warned of unless it expires no later', async () => {
  const { clock, watch, session, told, expired } = watched(100_000);
  await clock.advance(50_000);
  expect(told).toEqual(['tokenExpiring']);
  session.renewIdentity(session.identity, 1);
  watch.watch(session);
  await clock.advance(49_999);
  expect(told).toEqual(['tokenExpiring']);
  session.renewIdentity(adas(clock.now() + 100_000), 2);
  watch.watch(session);
  expect(clock.pending).toBe(1);
  await clock.advance(99_999);
  expect(told).toEqual(['tokenExpiring', 'tokenExpiring']);
  expect(expired).toEqual([]);
  session.renewIdentity(adas(), 3);
  watch.watch(session);
  await clock.advance(dayMs);
  expect(expired).toEqual([]);
});

test('a session that is forgotten, that lost its connection or whose node stops has no timer', () => {
  const { clock, watch, session } = watched(100_000);
  watch.forget(session);
  expect(clock.pending).toBe(0);
  watch.watch(session);
  expect(clock.pending).toBe(1);
  watch.stop();
  expect(clock.pending).toBe(0);
  session.disconnected();
  watch.watch(session);
  expect(clock.pending).toBe(0);
});

test('tokens that expire at thousands of moments make timers of few durations', () => {
  const clock = new FakeClock();
  const durations = new Set<number>();
  const timers: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after(delayMs, callback) {
      durations.add(delayMs);
      return clock.after(delayMs, callback);
    },
  };
  for (let ms = 0; ms < 5_000; ms++) watched(3_600_000 - ms, clock, timers).watch.stop();
  expect(durations.size).toBeLessThan(5);
});
