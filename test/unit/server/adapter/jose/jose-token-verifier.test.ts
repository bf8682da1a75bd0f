import { createHmac } from 'node:crypto';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import type { Clock } from '../../../../../src/shared/clock.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import { assembled, ecPair, ed25519Pair, rsaPair, signed } from './signing-keys.ts';
import { usualVerifier } from './usual-verifier.ts';

const secret = 'a secret of more than thirty-two bytes';
const secretBytes = new TextEncoder().encode(secret);
const bySecret = usualVerifier({ kind: 'secret', secret });
const rsa = rsaPair();
const byRsa = usualVerifier({ kind: 'pem', pem: rsa.pem });
const inAMinute = Math.floor(Date.now() / 1000) + 60;

async function fault(outcome: Promise<unknown>): Promise<SignalError> {
  const error = await outcome.then(
    () => expect.unreachable('the token was accepted'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SignalError);
  return error as SignalError;
}

async function expectInvalid(outcome: Promise<unknown>, message: RegExp): Promise<void> {
  const error = await fault(outcome);
  expect(error.codeName).toBe('TOKEN_INVALID');
  expect(error.message).toMatch(message);
  expect(error.retryable).toBe(false);
}

test('S1: a token signed by RS256, ES256 or EdDSA is accepted by the public key in PEM', async () => {
  const pairs = { RS256: rsa, ES256: ecPair(), ES384: ecPair('P-384'), EdDSA: ed25519Pair() };
  for (const [algorithm, { pem, privateKey }] of Object.entries(pairs)) {
    const verifier = usualVerifier({ kind: 'pem', pem });
    expect(await verifier.verify(await signed(privateKey, algorithm))).toMatchObject({ userId: 'ada' });
  }
});

test('S1: a token signed by HS256 is accepted by the shared secret', async () => {
  expect(await bySecret.verify(await signed(secretBytes, 'HS256', { exp: inAMinute }))).toMatchObject({
    userId: 'ada',
    expiresAtMs: (inAMinute + 5) * 1000,
  });
});

test('S1: a token with alg none is refused', async () => {
  for (const alg of ['none', 'None', 'NONE', '']) {
    const token = assembled({ alg }, { sub: 'ada', exp: inAMinute });
    await expectInvalid(bySecret.verify(token), /algorithm|not a signed JWT/);
    await expectInvalid(byRsa.verify(token), /algorithm|not a signed JWT/);
  }
});

test('S1: a token signed by HS256 with the public key as the secret is refused', async () => {
  const head = assembled({ alg: 'HS256' }, { sub: 'ada', exp: inAMinute }).slice(0, -1);
  for (const pem of [rsa.pem, rsa.pem.trim()]) {
    const signature = createHmac('sha256', pem).update(head).digest('base64url');
    await expectInvalid(byRsa.verify(`${head}.${signature}`), /algorithm is not accepted, only RS256/);
  }
});

test('S1: an algorithm that the key can do is refused unless the configuration names it', async () => {
  const token = await signed(rsa.privateKey, 'PS256');
  await expectInvalid(byRsa.verify(token), /algorithm is not accepted, only RS256/);
  const configured = usualVerifier({ kind: 'pem', pem: rsa.pem }, { algorithms: ['PS256'] });
  expect(await configured.verify(token)).toMatchObject({ userId: 'ada' });
  await expectInvalid(configured.verify(await signed(rsa.privateKey, 'RS256')), /only PS256/);
});

test('S1: a token with a wrong signature is refused, and the message holds nothing of it', async () => {
  const token = await signed(rsaPair().privateKey, 'RS256');
  const error = await fault(byRsa.verify(token));
  expect(error.message).toBe('token refused: the signature does not fit');
  const [head = '', claims = '', signature = ''] = (await signed(rsa.privateKey, 'RS256')).split('.');
  const forged = Buffer.from(JSON.stringify({ ...decodeJwt(`${head}.${claims}.`), sub: 'mallory' }));
  await expectInvalid(
    byRsa.verify(`${head}.${forged.toString('base64url')}.${signature}`),
    /signature does not fit/,
  );
});

test('text that is no JWT is refused', async () => {
  for (const text of ['', 'x', 'a.b', 'a.b.c', '....', 'é.é.é', `${'a'.repeat(400)}.b.c`]) {
    await expectInvalid(bySecret.verify(text), /not a signed JWT|empty/);
  }
  await expectInvalid(bySecret.verify('x'.repeat(16_385)), /it is 16385 bytes, the limit is 16384/);
});

test('a header that asks for an unknown extension is refused', async () => {
  const token = assembled({ alg: 'HS256', crit: ['x'], x: 1 }, { sub: 'ada' }, 'AA');
  await expectInvalid(bySecret.verify(token), /not supported/);
});

test('S1: issuer and audience are held to the configuration', async () => {
  const verifier = usualVerifier(
    { kind: 'secret', secret },
    { issuer: 'https://id.example', audience: 'calls' },
  );
  const good = { iss: 'https://id.example', aud: ['calls', 'mail'] };
  const verify = async (claims: object) => verifier.verify(await signed(secretBytes, 'HS256', { ...claims }));
  expect(await verify(good)).toMatchObject({ userId: 'ada' });
  await expectInvalid(verify({ ...good, iss: 'https://other.example' }), /issuer \(claim iss\)/);
  await expectInvalid(verify({ aud: 'calls' }), /claim iss is missing/);
  await expectInvalid(verify({ ...good, aud: 'mail' }), /audience \(claim aud\)/);
  await expectInvalid(verify({ iss: good.iss }), /claim aud is missing/);
});

test('S1: an expired token is refused with a code of its own, within the clock skew it is not', async () => {
  const verifyAt = (atMs: number, expS: number) => {
    const clock: Clock = { now: () => atMs, monotonicMs: () => 0, after: () => () => undefined };
    const verifier = usualVerifier({ kind: 'secret', secret }, { clockSkewS: 5, clock });
    return signed(secretBytes, 'HS256', { exp: expS, nbf: nowS }).then((token) => verifier.verify(token));
  };
  const nowS = 1_800_000_000;
  for (const expS of [nowS + 60, nowS + 60.25]) {
    const { expiresAtMs = 0 } = await verifyAt(nowS * 1000, expS);
    expect(expiresAtMs).toBe(Math.ceil(expS + 5) * 1000);
    // The session that a token begins ends in the moment when the token is refused, not before.
    await verifyAt(expiresAtMs - 1, expS);
    expect((await fault(verifyAt(expiresAtMs, expS))).code).toBe(ErrorCode.TOKEN_EXPIRED);
  }
  await expectInvalid(verifyAt(nowS * 1000 - 6_000, nowS + 60), /not valid yet \(claim nbf\)/);
});

test('an expired token with another fault is told of that fault', async () => {
  const token = await signed(secretBytes, 'HS256', { exp: 1, sub: 'no id!' });
  await expectInvalid(bySecret.verify(token), /claim sub is not a user id/);
  const byOther = await signed(new TextEncoder().encode('x'.repeat(32)), 'HS256', { exp: 1 });
  await expectInvalid(bySecret.verify(byOther), /signature/);
});

test.each([
  [
    'a short secret',
    { kind: 'secret', secret: 'x'.repeat(31) },
    undefined,
    'the secret is 31 bytes, the minimum is 32',
  ],
  [
    'a private key',
    { kind: 'pem', pem: rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    undefined,
    /private key/,
  ],
  ['no key', { kind: 'pem', pem: 'hello' }, undefined, 'the PEM holds no public key'],
  [
    'a weak RSA key',
    { kind: 'pem', pem: rsaPair(1024).pem },
    undefined,
    'the RSA key has 1024 bits, the minimum is 2048',
  ],
  [
    'a curve that JWTs do not use',
    { kind: 'pem', pem: ecPair('secp224r1').pem },
    undefined,
    /secp224r1 can't be used/,
  ],
  [
    'an algorithm that the key can not do',
    { kind: 'pem', pem: rsa.pem },
    ['HS256'],
    /can't be used with HS256/,
  ],
  ['an asymmetric algorithm for a secret', { kind: 'secret', secret }, ['RS256'], /can't be used with RS256/],
  [
    'a secret algorithm for a key set',
    { kind: 'jwks', url: 'http://127.0.0.1/' },
    ['HS256'],
    /can't be used with HS256/,
  ],
] as const)('%s is refused at construction', (_what, keys, algorithms, message) => {
  expect(() => usualVerifier(keys, { ...(algorithms && { algorithms }) })).toThrow(message);
});
