import { expect, test } from 'vitest';
import { Acknowledger } from '../../../../src/server/session/acknowledger.ts';
import type { Clock } from '../../../../src/shared/clock.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

function setUp() {
  const clock = new FakeClock();
  const acknowledged: string[] = [];
  const session = (name: string) => ({ acknowledge: () => void acknowledged.push(name) });
  return { clock, acknowledged, session, acknowledger: new Acknowledger(clock, 40) };
}

test('an acknowledgement waits for at most its time and at least three quarters of it, and is made once', async () => {
  for (const offsetMs of [0, 1, 9, 10, 11, 25, 39]) {
    const { clock, acknowledged, session, acknowledger } = setUp();
    acknowledger.soon(session('other'));
    await clock.advance(offsetMs);
    const ada = session('ada');
    acknowledger.soon(ada);
    acknowledger.soon(ada);
    await clock.advance(29);
    expect(acknowledged).not.toContain('ada');
    await clock.advance(11);
    expect(acknowledged.filter((name) => name === 'ada')).toHaveLength(1);
  }
});

test('log rule 6: where timers come late, an acknowledgement is late by one of them, not by several', async () => {
  const { clock, acknowledged } = setUp();
  const lateMs = 5;
  const late: Clock = {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    after: (delayMs, callback) => clock.after(delayMs + lateMs, callback),
  };
  const acknowledger = new Acknowledger(late, 40);
  for (let nth = 0; nth < 100; nth++) {
    const [name, atMs] = [`${nth}`, clock.monotonicMs()];
    acknowledger.soon({
      acknowledge() {
        acknowledged.push(name);
        expect(clock.monotonicMs() - atMs).toBeLessThanOrEqual(40 + lateMs);
      },
    });
    await clock.advance(3);
  }
  await clock.advance(100);
  expect(acknowledged).toHaveLength(100);
});

test('one that was acknowledged before its time waits anew when it asks again', async () => {
  const { clock, acknowledged, session, acknowledger } = setUp();
  const ada = session('ada');
  acknowledger.soon(ada);
  await clock.advance(35);
  acknowledger.forget(ada);
  acknowledger.soon(ada);
  await clock.advance(29);
  expect(acknowledged).toEqual([]);
  await clock.advance(11);
  expect(acknowledged).toEqual(['ada']);
});

test('a session that is always busy is acknowledged again and again, and an idle node has no timer', async () => {
  const { clock, acknowledged, session, acknowledger } = setUp();
  const ada = session('ada');
  for (let ms = 0; ms < 1_000; ms++) {
    acknowledger.soon(ada);
    await clock.advance(1);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(23);
  await clock.advance(100);
  expect(clock.pending).toBe(0);
});

test('who is gone is not called any more, and nothing is left when it stops', async () => {
  const { clock, acknowledged, session, acknowledger } = setUp();
  const ada = session('ada');
  acknowledger.soon(ada);
  await clock.advance(20);
  acknowledger.forget(ada);
  acknowledger.soon(session('bob'));
  await clock.advance(100);
  expect(acknowledged).toEqual(['bob']);
  acknowledger.soon(ada);
  acknowledger.stop();
  expect(clock.pending).toBe(0);
});
