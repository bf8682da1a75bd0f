import { expect, test } from 'vitest';
import { SignInLine } from '../../../../src/server/socket/sign-in-line.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

test('X4: so many sign-ins run at once, the others come in order, and one for whom the line is too long is told when to come', async () => {
  const line = new SignInLine({ atOnce: 2, waiting: 2, clock: new FakeClock(), random: () => 0.5 });
  const turns = [line.enter(), line.enter(), line.enter(), line.enter()];
  expect(turns.map(({ hasCome }) => hasCome)).toEqual([true, true, false, false]);
  expect(() => line.enter()).toThrow(
    expect.objectContaining({ code: ErrorCode.RATE_LIMITED, retryAfterMs: 3_000, retryable: true }),
  );
  turns[0]?.leave();
  await turns[2]?.come;
  expect(turns.map(({ hasCome }) => hasCome)).toEqual([false, true, true, false]);
  expect(line.enter().hasCome).toBe(false);
});

test('X4: one that leaves the line holds nobody up, and nobody comes twice', async () => {
  const line = new SignInLine({ atOnce: 1, waiting: 3, clock: new FakeClock() });
  const [running, gone, next] = [line.enter(), line.enter(), line.enter()];
  gone.leave();
  await gone.come;
  expect(gone.hasCome).toBe(false);
  running.leave();
  running.leave();
  gone.leave();
  expect(next.hasCome).toBe(true);
  const last = line.enter();
  expect(last.hasCome).toBe(false);
  next.leave();
  expect(last.hasCome).toBe(true);
  last.leave();
  expect([line.enter().hasCome, line.enter().hasCome]).toEqual([true, false]);
});

test('X4: a sign-in that takes long, as where it waits for what is away, keeps others from theirs for a moment only', async () => {
  const clock = new FakeClock();
  const line = new SignInLine({ atOnce: 1, waiting: 3, clock });
  const [slow, next, third] = [line.enter(), line.enter(), line.enter()];
  await clock.advance(99);
  expect(next.hasCome).toBe(false);
  await clock.advance(1);
  // It goes on.
  expect([slow.hasCome, next.hasCome, third.hasCome]).toEqual([true, true, false]);
  slow.leave();
  expect(third.hasCome).toBe(false);
  next.leave();
  expect(third.hasCome).toBe(true);
  third.leave();
  expect(clock.pending).toBe(0);
});
