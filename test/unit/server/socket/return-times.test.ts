import { expect, test } from 'vitest';
import { ReturnTimes } from '../../../../src/server/socket/return-times.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

test('X4: who is sent away comes back at a time of its own, a second later at least', () => {
  const times = new ReturnTimes(new FakeClock());
  expect([times.next(), times.next(), times.next()]).toEqual([1_000, 1_010, 1_020]);
});

test('X4: who is sent away again comes after those who were before', async () => {
  const clock = new FakeClock();
  const times = new ReturnTimes(clock);
  for (let client = 0; client < 500; client++) times.next();
  await clock.advance(1_000);
  expect(times.next()).toBe(5_000);
  await clock.advance(60_000);
  expect(times.next()).toBe(1_000);
});

test('X4: nobody is sent away for longer than half a minute', () => {
  const times = new ReturnTimes(new FakeClock());
  const all = Array.from({ length: 5_000 }, () => times.next());
  expect(Math.max(...all)).toBe(30_000);
});
