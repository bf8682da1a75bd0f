import { expect, test } from 'vitest';
import type { Dropped } from '../../../../gen/parley/signal/v1/session_pb.ts';
import type { Log, LogFields } from '../../../../src/server/port/log.ts';
import { FrameLimits } from '../../../../src/server/session/frame-limits.ts';
import { RateLimits } from '../../../../src/server/session/rate-limits.ts';
import { RequestBook } from '../../../../src/server/session/request-book.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

function start() {
  const clock = new FakeClock();
  const requests = new RequestBook();
  const told: Dropped[] = [];
  const lines: [string, LogFields | undefined][] = [];
  const log: Log = { ...quietLog, warn: (event, fields) => lines.push([event, fields]) };
  const rates = new RateLimits({
    connection: { perSecond: 100, burst: 100 },
    room: { perSecond: 1_000, burst: 1_000 },
  });
  const limits = new FrameLimits({ rates, requests, clock, log, tell: (dropped) => told.push(dropped) });
  return { clock, requests, told, lines, limits };
}

test('X2: a frame costs a token, and one more for each whole KiB', () => {
  const { limits } = start();
  expect(limits.take(98 * 1_024)).toBe(true);
  expect(limits.take(1_023)).toBe(true);
  expect(limits.take(0)).toBe(false);
});

test('X2: a burst is one warning with all its ids, its limits and the wait, and one line in the log', async () => {
  const { clock, limits, requests, told, lines } = start();
  for (let taken = 0; taken < 100; taken++) limits.take(10);
  for (let id = 1; id <= 40; id++) limits.dropFrame(id, 10);
  limits.dropFrame(0, 10);
  requests.begin(41, 'relay');
  limits.drop(41, 'room', 700);
  limits.drop(42, 'window');
  await clock.advance(249);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told.map(({ ids }) => ids)).toEqual([Array.from({ length: 42 }, (_, index) => index + 1)]);
  expect(told[0]?.error).toMatchObject({
    code: ErrorCode.RATE_LIMITED,
    retryable: true,
    retryAfterMs: 700,
    message:
      "requests were dropped: 40 over the connection's 100 tokens a second, " +
      "1 over the room's 1000 bytes a second, 1 beyond 64 unanswered",
  });
  limits.dropFrame(43, 10);
  await clock.advance(5_000);
  expect(told.map(({ ids }) => ids.length)).toEqual([42, 1]);
  expect(lines).toEqual([['limit.dropped', { connection: 42, room: 1, window: 1 }]]);
  expect(clock.pending).toBe(0);
});

test('X2: the wait grows with what was dropped, up to that for a whole burst', async () => {
  const { clock, limits, told } = start();
  limits.take(99 * 1_024);
  for (let id = 1; id <= 30; id++) limits.dropFrame(id, 10);
  await clock.advance(1_000);
  for (let id = 31; id <= 230; id++) limits.dropFrame(id, 10);
  await clock.advance(1_000);
  expect(told.map(({ error }) => error?.retryAfterMs)).toEqual([300, 1_000]);
});

test('X2: what has no id that can be named is dropped without a word, and counted', async () => {
  const { clock, limits, told, lines } = start();
  for (const id of [0, 0xffff_ffff]) limits.dropFrame(id, 10);
  await clock.advance(2_000);
  expect(told).toEqual([]);
  expect(lines).toEqual([['limit.dropped', { connection: 2, room: 0, window: 0 }]]);
});

test('X2: a warning names 16,384 ids at most; with more it goes out at once', () => {
  const { limits, requests, told } = start();
  for (let id = 1; id <= 40_000; id++) limits.dropFrame(id, 10);
  expect(told.map(({ ids }) => ids.length)).toEqual([16_384, 16_384]);
  expect(requests.dropped).toBe(40_000 - 2 * 16_384);
});

test('X2: with the connection its timers end, and what was dropped is logged', () => {
  const { clock, limits, told, lines } = start();
  limits.dropFrame(1, 10);
  limits.stop();
  limits.dropFrame(2, 10);
  expect(clock.pending).toBe(0);
  expect(told).toEqual([]);
  expect(lines).toEqual([['limit.dropped', { connection: 1, room: 0, window: 0 }]]);
});
