import { expect, test } from 'vitest';
import { RateLimits, roomRate } from '../../../../src/server/session/rate-limits.ts';

const connection = { perSecond: 1_000, burst: 1_000 };

test("X2: each room has a rate of its own, and says how long until a frame's bytes are there", () => {
  const limits = new RateLimits({ connection, room: { perSecond: 1_000, burst: 500 } });
  expect(limits.takeOfRoom('a', 400, 0)).toBe(0);
  expect(limits.takeOfRoom('a', 400, 0)).toBe(300);
  expect(limits.takeOfRoom('b', 400, 0)).toBe(0);
  expect(limits.takeOfRoom('a', 400, 300)).toBe(0);
});

test('X2: rooms that went quiet are forgotten, and those that did not are not', () => {
  const limits = new RateLimits({ connection, room: { perSecond: 1_000, burst: 1_000 } });
  limits.takeOfRoom('busy', 1_000, 0);
  for (let room = 1; room < 1_024; room++) limits.takeOfRoom(`quiet-${room}`, 1, 0);
  expect(limits.size).toBe(1_024);
  limits.takeOfRoom('next', 1, 500);
  expect(limits.size).toBe(2);
  expect(limits.takeOfRoom('busy', 1_000, 500)).toBe(500);
});

test("X2: a room's burst and what it sends while its log is kept fit into the log together", () => {
  expect(roomRate(8_000_000, 80_000)).toEqual({ perSecond: 50_000, burst: 4_000_000 });
  expect(roomRate(8_000_000, 80_000, 123)).toEqual({ perSecond: 123, burst: 4_000_000 });
});
