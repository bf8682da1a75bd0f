import { expect, test } from 'vitest';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { startKeySetServer } from './key-set-server.ts';
import { ecPair, publicJwk, rsaPair, signed } from './signing-keys.ts';
import { usualVerifier } from './usual-verifier.ts';

test('S1: a key set is fetched once and again when a token names a key that is new', async () => {
  const [first, second] = [rsaPair(), ecPair()];
  const server = await startKeySetServer({ keys: [publicJwk(first, 'first', 'RS256')] });
  const verifier = usualVerifier({ kind: 'jwks', url: server.url }, { keySetCooldownMs: 0 });
  const byFirst = await signed(first.privateKey, 'RS256', {}, { kid: 'first' });
  const bySecond = await signed(second.privateKey, 'ES256', { sub: 'bob' }, { kid: 'second' });

  await Promise.all([verifier.verify(byFirst), verifier.verify(byFirst)]);
  expect(server.fetches()).toBe(1);

  server.answer = { keys: [publicJwk(second, 'second', 'ES256')] };
  expect(await verifier.verify(bySecond)).toMatchObject({ userId: 'bob' });
  expect(server.fetches()).toBe(2);
  await expect(verifier.verify(byFirst)).rejects.toMatchObject({
    code: ErrorCode.TOKEN_INVALID,
    message: 'token refused: no key of the key set fits its key id and algorithm',
  });
});

test('S1: within the cooldown a token with an unknown key causes no fetch', async () => {
  const pair = ecPair();
  const server = await startKeySetServer({ keys: [publicJwk(pair, 'known', 'ES256')] });
  const verifier = usualVerifier({ kind: 'jwks', url: server.url });
  await verifier.verify(await signed(pair.privateKey, 'ES256', {}, { kid: 'known' }));
  for (const kid of ['a', 'b', 'c']) {
    const unknown = await signed(pair.privateKey, 'ES256', {}, { kid });
    await expect(verifier.verify(unknown)).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
  }
  expect(server.fetches()).toBe(1);
});

test('a token without a key id is tried with each key of the set that fits', async () => {
  const [first, second, stranger] = [ecPair(), ecPair(), ecPair()];
  const server = await startKeySetServer({
    keys: [publicJwk(first, undefined, 'ES256'), publicJwk(second, undefined, 'ES256')],
  });
  const verifier = usualVerifier({ kind: 'jwks', url: server.url });
  expect(await verifier.verify(await signed(second.privateKey, 'ES256'))).toMatchObject({ userId: 'ada' });
  await expect(verifier.verify(await signed(stranger.privateKey, 'ES256'))).rejects.toMatchObject({
    message: 'token refused: the signature does not fit',
  });
});

test('a token signed by HS256 is refused before the key set is asked for', async () => {
  const server = await startKeySetServer({ keys: [] });
  const verifier = usualVerifier({ kind: 'jwks', url: server.url });
  const token = await signed(new TextEncoder().encode('x'.repeat(32)), 'HS256');
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
  expect(server.fetches()).toBe(0);
});

test.each(['error', 'no-json', 'silence'] as const)(
  'a key set server that answers with %s makes the sign-in unavailable, within the deadline, until it is back',
  async (answer) => {
    const pair = ecPair();
    const server = await startKeySetServer(answer);
    const verifier = usualVerifier({ kind: 'jwks', url: server.url }, { keySetTimeoutMs: 200 });
    const token = await signed(pair.privateKey, 'ES256', {}, { kid: 'k' });
    const unavailable = { code: ErrorCode.UNAVAILABLE, retryable: true };
    await expect(verifier.verify(token)).rejects.toMatchObject(unavailable);

    server.answer = { keys: [publicJwk(pair, 'k', 'ES256')] };
    expect(await verifier.verify(token)).toMatchObject({ userId: 'ada' });
  },
);

test('S1: a key set server that is not there makes the sign-in unavailable', async () => {
  const verifier = usualVerifier({ kind: 'jwks', url: 'http://127.0.0.1:1/keys' });
  const token = await signed(ecPair().privateKey, 'ES256');
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
});
