import { expect, test } from 'vitest';
import type { Clock } from '../../../../../src/shared/clock.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { startKeySetServer } from './key-set-server.ts';
import { ecPair, publicJwk, signed } from './signing-keys.ts';
import { usualVerifier } from './usual-verifier.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const unavailable = { code: ErrorCode.UNAVAILABLE, retryable: true };

const [old, renewed] = [ecPair(), ecPair()];
const oldSet = { keys: [publicJwk(old, 'old', 'ES256')] };
const renewedSet = { keys: [publicJwk(renewed, 'renewed', 'ES256')] };
const byOld = await signed(old.privateKey, 'ES256', {}, { kid: 'old' });
const byRenewed = await signed(renewed.privateKey, 'ES256', {}, { kid: 'renewed' });
const byUnknown = await signed(ecPair().privateKey, 'ES256', {}, { kid: 'unknown' });

/** A key set with a verifier that has fetched the old key, and a clock that is moved on by hand. */
async function signedInOnce(keySetTimeoutMs?: number) {
  const keySet = await startKeySetServer(oldSet);
  const heard: string[] = [];
  const hear = (event: string) => void heard.push(event);
  let atMs = 0;
  const clock: Clock = { now: () => Date.now(), monotonicMs: () => atMs, after: () => () => undefined };
  const verifier = usualVerifier(
    { kind: 'jwks', url: keySet.url },
    { clock, log: { info: hear, warn: hear }, ...(keySetTimeoutMs !== undefined && { keySetTimeoutMs }) },
  );
  await verifier.verify(byOld);
  return { keySet, verifier, heard, at: (ms: number) => (atMs = ms) };
}

test('S1: keys stay in use for a day while their URL is out of reach, which is logged once', async () => {
  const { keySet, verifier, heard, at } = await signedInOnce();
  await keySet.stop();
  for (const ms of [11 * minuteMs, 12 * minuteMs, 60 * minuteMs, dayMs - 1]) {
    at(ms);
    expect(await verifier.verify(byOld)).toMatchObject({ userId: 'ada' });
  }
  at(dayMs);
  await expect(verifier.verify(byOld)).rejects.toMatchObject(unavailable);
  expect(heard).toEqual(['auth.key_set_away']);

  await keySet.startAgain();
  expect(await verifier.verify(byOld)).toMatchObject({ userId: 'ada' });
  expect(heard).toEqual(['auth.key_set_away', 'auth.key_set_back']);
});

test('S1: a key that is not in the newest set is refused, also while that set is away afterwards', async () => {
  const { keySet, verifier, at } = await signedInOnce();
  keySet.answer = renewedSet;
  at(9 * minuteMs);
  expect(await verifier.verify(byOld)).toMatchObject({ userId: 'ada' });
  expect(keySet.fetches()).toBe(1);

  at(10 * minuteMs);
  await expect(verifier.verify(byOld)).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
  await keySet.stop();
  at(30 * minuteMs);
  expect(await verifier.verify(byRenewed)).toMatchObject({ userId: 'ada' });
  await expect(verifier.verify(byOld)).rejects.toMatchObject(unavailable);
});

test('while the key set fails it is asked for at most every 30 seconds, and nobody with a known key waits', async () => {
  const longerThanTheTestMs = 60_000;
  const { keySet, verifier, at } = await signedInOnce(longerThanTheTestMs);
  keySet.answer = 'error';
  at(10 * minuteMs);
  await verifier.verify(byOld);
  expect(keySet.fetches()).toBe(2);

  at(10 * minuteMs + 29_999);
  await verifier.verify(byOld);
  await expect(verifier.verify(byUnknown)).rejects.toMatchObject(unavailable);
  expect(keySet.fetches()).toBe(2);

  keySet.answer = 'silence';
  at(10 * minuteMs + 30_000);
  await Promise.all([verifier.verify(byOld), verifier.verify(byOld)]);
  await expect.poll(() => keySet.fetches()).toBe(3);
});

test('a key set that comes back is taken up by itself', async () => {
  const { keySet, verifier, at } = await signedInOnce();
  await keySet.stop();
  at(10 * minuteMs);
  await verifier.verify(byOld);
  keySet.answer = renewedSet;
  await keySet.startAgain();
  at(11 * minuteMs);
  await verifier.verify(byOld);
  await expect.poll(() => verifier.verify(byRenewed).then(({ userId }) => userId)).toBe('ada');
  await expect(verifier.verify(byOld)).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
});
