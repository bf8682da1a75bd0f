import { expect, test } from 'vitest';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { adas, loneSession } from './expiring-sessions.ts';

/** A session with these requests in its book, in ascending order. */
function sessionWith(...ids: readonly number[]) {
  const clock = new FakeClock();
  const { session, told } = loneSession(clock, adas());
  for (const id of ids) session.requests.begin(id, 'relay');
  const succeed = (id: number, again: boolean) => {
    session.requests.finish(id);
    session.answer(id, again ? { again } : {});
  };
  return { clock, session, told, succeed };
}

test('a success waits for others, and all are acknowledged together', async () => {
  const { clock, told, succeed } = sessionWith(1, 2);
  succeed(1, false);
  await clock.advance(19);
  succeed(2, false);
  expect(told).toEqual([]);
  await clock.advance(21);
  expect(told).toEqual(['acknowledged']);
  await clock.advance(20);
  expect(told).toEqual(['acknowledged']);
  expect(clock.pending).toBe(0);
});

test('a success that was there before is acknowledged with its turn, and takes with it what waits', async () => {
  const { clock, told, succeed } = sessionWith(1, 2, 3, 4);
  succeed(1, false);
  succeed(2, true);
  succeed(3, true);
  expect(told).toEqual([]);
  await clock.advance(0);
  expect(told).toEqual(['acknowledged']);
  // The next that is new waits its time again, which does not run since the first one asked.
  await clock.advance(20);
  succeed(4, false);
  await clock.advance(29);
  expect(told).toEqual(['acknowledged']);
  await clock.advance(11);
  expect(told).toEqual(['acknowledged', 'acknowledged']);
});

test('nothing is acknowledged by a connection that is gone', async () => {
  const { clock, session, told, succeed } = sessionWith(1, 2);
  succeed(1, true);
  session.disconnected();
  succeed(2, true);
  await clock.advance(100);
  expect(told).toEqual([]);
  expect(clock.pending).toBe(0);
});

test('S5: a success is not kept from who asked by a request before it that waits for long', async () => {
  const { clock, told, succeed } = sessionWith(1, 2, 3);
  succeed(2, false);
  succeed(3, false);
  await clock.advance(50);
  expect(told).toEqual([]);
  await clock.advance(50);
  expect(told).toEqual(['2 undefined', '3 undefined']);
  await clock.advance(1_000);
  succeed(1, false);
  await clock.advance(50);
  expect(told).toEqual(['2 undefined', '3 undefined', 'acknowledged']);
  expect(clock.pending).toBe(0);
});
