import { expect, test } from 'vitest';
import { ReconnectPolicy } from '../../../../src/client/session/reconnect-policy.ts';
import { CloseCode } from '../../../../src/shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

const lost = 1006;
const error = new SignalError(ErrorCode.UNAVAILABLE, 'lost');

function policy({ attempts = Infinity, tokenRenewable = true } = {}) {
  const clock = new FakeClock();
  const options = { firstDelayMs: 300, maxDelayMs: 5_000, attempts, tokenRenewable, clock, random: () => 1 };
  return { clock, policy: new ReconnectPolicy(options) };
}

test('each failed attempt waits up to twice as long, until one has stood for longer than the longest wait', async () => {
  const { clock, policy: it } = policy();
  it.welcomed(0);
  const delays = () => [lost, lost, lost].map((code) => it.after(code, error));
  const retry = (delayMs: number) => ({ kind: 'retry', delayMs, newToken: false });
  expect(delays()).toEqual([retry(300), retry(600), retry(1_200)]);
  it.welcomed(0);
  expect(it.after(lost, error)).toEqual(retry(2_400));
  it.welcomed(0);
  await clock.advance(5_001);
  expect(it.after(lost, error)).toEqual(retry(300));
});

test('S5, L1: however often the connection was lost, no wait uses up the window; after it they grow to the longest', async () => {
  const { clock, policy: it } = policy();
  for (let losses = 0; losses < 6; losses++) {
    it.welcomed(5_000);
    it.after(lost, error);
  }
  const delays: number[] = [];
  for (let waitedMs = 0; waitedMs <= 5_000; ) {
    const next = it.after(lost, error);
    const delayMs = next.kind === 'retry' ? next.delayMs : Infinity;
    delays.push(delayMs);
    waitedMs += delayMs;
    await clock.advance(delayMs);
  }
  expect(delays).toEqual([1_250, 1_200, 1_200, 1_200, 1_200]);
  expect(it.after(lost, error)).toMatchObject({ delayMs: 5_000 });
});

test('a long window is shared among its waits, none longer than the longest', async () => {
  const { clock, policy: it } = policy();
  it.welcomed(60_000);
  for (let attempt = 0; attempt < 5; attempt++) it.after(lost, error);
  expect(it.after(lost, error)).toMatchObject({ delayMs: 5_000 });
  await clock.advance(52_000);
  expect(it.after(lost, error)).toMatchObject({ delayMs: 2_000 });
});

test('the code alone decides: resume, a new token, later, or not at all', () => {
  const { policy: it } = policy();
  expect(it.after(CloseCode.SLOW_READER, error)).toMatchObject({ kind: 'retry', newToken: false });
  expect(it.after(CloseCode.TOKEN_EXPIRED, error)).toMatchObject({ kind: 'retry', newToken: true });
  expect(it.after(CloseCode.KICKED, error)).toEqual({ kind: 'stop' });
  const { policy: other } = policy();
  expect(other.after(CloseCode.OVERLOADED, error)).toEqual({
    kind: 'retry',
    delayMs: 1_200,
    newToken: false,
  });
});

test('a server that says how long to wait is not asked sooner', () => {
  const { policy: it } = policy();
  const later = new SignalError(ErrorCode.UNAVAILABLE, 'full', { retryAfterMs: 9_000 });
  expect(it.after(CloseCode.OVERLOADED, later)).toMatchObject({ delayMs: 9_000 });
});

test('attempts that fail in a row run out; the loss of a connection that stood is none', () => {
  const { policy: it } = policy({ attempts: 2 });
  it.welcomed(0);
  expect(it.after(lost, error).kind).toBe('retry');
  expect(it.after(lost, error).kind).toBe('retry');
  expect(it.after(lost, error).kind).toBe('give-up');
});

test('a refused token stops a client that has no other, but a sign-in that was too slow does not', () => {
  const { policy: it } = policy({ tokenRenewable: false });
  expect(it.after(CloseCode.SIGN_IN_TIMEOUT, error).kind).toBe('retry');
  expect(it.after(CloseCode.TOKEN_INVALID, error).kind).toBe('stop');
});
