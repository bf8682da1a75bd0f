import { expect, test } from 'vitest';
import { TokenIssuer } from '../../../../../src/process/token-issuer.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { signed } from './signing-keys.ts';
import { usualVerifier } from './usual-verifier.ts';

const secret = 'a secret of more than thirty-two bytes';
const key = new TextEncoder().encode(secret);
const verifier = usualVerifier({ kind: 'secret', secret }, { maxReconnectionWindowMs: 60_000 });
const issuer = new TokenIssuer({ secret });
const join = { aud: 'parley-join', room: 'daily' };

async function verify(claims: Record<string, unknown>) {
  return verifier.verify(await signed(key, 'HS256', claims));
}

async function verifyJoin(claims: Record<string, unknown>) {
  return verifier.verifyJoinToken(await signed(key, 'HS256', claims));
}

test('a token that says only who it names is for joining', async () => {
  const identity = await verify({ exp: undefined });
  expect(identity).toEqual({
    userId: 'ada',
    displayName: '',
    avatarUrl: '',
    scopes: new Set(['join']),
    rooms: new Map(),
    sessionPolicy: 'multiple',
  });
});

test('S1: every claim of a session token is read', async () => {
  const identity = await verify({
    name: 'Ada Lovelace',
    picture: 'https://example.org/ada.png',
    scope: 'openid list operate',
    parley: {
      rooms: { daily: { publish: true, host: true }, '*': {} },
      sessions: 'replace',
      windowMs: 20_000,
    },
  });
  expect(identity).toMatchObject({
    displayName: 'Ada Lovelace',
    avatarUrl: 'https://example.org/ada.png',
    scopes: new Set(['list', 'operate']),
    sessionPolicy: 'replace',
    reconnectionWindowMs: 20_000,
  });
  expect(identity.rooms.get('*')).toEqual({});
  expect(identity.rooms.get('daily')?.permissions).toMatchObject({
    publish: true,
    subscribe: false,
    chat: false,
    relay: false,
    host: true,
  });
});

test('S5: the reconnection window of a token is cut to the maximum of the server', async () => {
  expect(await verify({ parley: { windowMs: 3_600_000 } })).toMatchObject({ reconnectionWindowMs: 60_000 });
  expect(await verify({ parley: { windowMs: 0 } })).toMatchObject({ reconnectionWindowMs: 0 });
});

test('S1: the claim that holds the user id can be configured', async () => {
  const byUid = usualVerifier({ kind: 'secret', secret }, { userIdClaim: 'uid' });
  expect(await byUid.verify(await signed(key, 'HS256', { uid: 'grace' }))).toMatchObject({ userId: 'grace' });
  await expect(byUid.verify(await signed(key, 'HS256'))).rejects.toThrow(
    'token refused: claim uid is missing',
  );
});

test.each([
  [{ sub: undefined }, 'claim sub is missing'],
  [{ sub: '' }, /claim sub is not a user id: 1 to 128 characters/],
  [{ sub: 'ada@example.org' }, /claim sub is not a user id/],
  [{ sub: 'x'.repeat(129) }, /claim sub is not a user id/],
  [{ sub: 42 }, /claim sub is not a user id/],
  [{ name: 1 }, 'claim name must be a text'],
  [{ picture: {} }, 'claim picture must be a text'],
  [{ scope: ['join'] }, /claim scope must be a text/],
  [{ exp: 'soon' }, 'claim exp must be a number'],
  [{ exp: 1e300 }, /claim exp is not a moment/],
  [{ parley: 'x' }, 'claim parley must be an object'],
  [{ parley: { sesions: 'refuse' } }, /claim parley has an unknown name/],
  [{ parley: { sessions: 'all' } }, /claim parley.sessions must be one of multiple, replace, refuse/],
  [{ parley: { windowMs: -1 } }, /claim parley.windowMs must be a whole number/],
  [{ parley: { windowMs: 1.5 } }, /claim parley.windowMs must be a whole number/],
  [{ parley: { rooms: ['daily'] } }, 'claim parley.rooms must be an object'],
  [{ parley: { rooms: { 'a b': {} } } }, /claim parley.rooms has a key that is not a room id/],
  [{ parley: { rooms: { daily: true } } }, 'claim parley.rooms.daily must be an object'],
  [{ parley: { rooms: { daily: { host: 1 } } } }, 'claim parley.rooms.daily.host must be true or false'],
  [
    { parley: { rooms: { daily: { publsh: true } } } },
    /claim parley.rooms.daily has an unknown name, known are publish/,
  ],
])('a token with %j is refused by the name of the claim', async (claims, message) => {
  const outcome = verify(claims);
  await expect(outcome).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
  await expect(outcome).rejects.toThrow(message);
});

test('R2: a join token names a room, its user and its permissions', async () => {
  const permissions = { publish: false, subscribe: true };
  const token = await verifyJoin({ ...join, permissions });
  expect(token).toMatchObject({ roomId: 'daily', userId: 'ada' });
  expect(token.grant.permissions).toMatchObject({ publish: false, subscribe: true, host: false });
  expect(await verifyJoin({ typ: 'parley-join', room: 'daily', sub: undefined })).toEqual({
    roomId: 'daily',
    grant: {},
  });
});

test('R2: a session token is no join token, and a join token no session token', async () => {
  await expect(verifyJoin({ room: 'daily' })).rejects.toThrow('this is no join token');
  await expect(verify(join)).rejects.toThrow('this is a join token');
  await expect(verify({ ...join, aud: ['calls', 'parley-join'] })).rejects.toThrow('this is a join token');
  await expect(verify({ typ: 'parley-join', room: 'daily' })).rejects.toThrow('this is a join token');
  // An expired one is not told that a fresh one would do.
  await expect(verify({ ...join, exp: 1 })).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID });
});

test('an expired or faulty join token is refused', async () => {
  await expect(verifyJoin({ ...join, exp: 1 })).rejects.toMatchObject({ code: ErrorCode.TOKEN_EXPIRED });
  await expect(verifyJoin({ aud: 'parley-join' })).rejects.toThrow('claim room is missing');
  await expect(verifyJoin({ ...join, room: 'a b' })).rejects.toThrow('claim room is not a room id');
  await expect(verifyJoin({ ...join, sub: 'a b' })).rejects.toThrow('claim sub is not a user id');
  await expect(verifyJoin({ ...join, permissions: { hst: true } })).rejects.toThrow(
    'claim permissions has an unknown',
  );
});

test('where an audience is configured, a join token by its typ must name it, one by its audience need not', async () => {
  const audience = usualVerifier({ kind: 'secret', secret }, { audience: 'calls' });
  const verifyWith = async (claims: Record<string, unknown>) =>
    audience.verifyJoinToken(await signed(key, 'HS256', claims));
  expect(await verifyWith(join)).toMatchObject({ roomId: 'daily' });
  expect(await verifyWith({ typ: 'parley-join', room: 'daily', aud: 'calls' })).toMatchObject({
    roomId: 'daily',
  });
  await expect(verifyWith({ typ: 'parley-join', room: 'daily', aud: 'mail' })).rejects.toThrow('claim aud');
  expect(() => usualVerifier({ kind: 'secret', secret }, { audience: 'parley-join' })).toThrow('kept');
});

test('what the issuer signs, the verifier reads', async () => {
  const options = { issuer: 'parley', audience: 'calls', userIdClaim: 'uid' };
  const own = usualVerifier({ kind: 'secret', secret }, options);
  const signing = new TokenIssuer({ secret, ...options });
  const session = await signing.sessionToken({
    userId: 'ada',
    displayName: 'Ada',
    avatarUrl: 'https://example.org/a.png',
    scopes: ['join', 'service'],
    rooms: { daily: { host: true }, '*': {} },
    sessions: 'refuse',
    windowMs: 1_000,
    expiresInS: 60,
  });
  expect(await own.verify(session)).toMatchObject({
    userId: 'ada',
    displayName: 'Ada',
    avatarUrl: 'https://example.org/a.png',
    scopes: new Set(['join', 'service']),
    sessionPolicy: 'refuse',
    reconnectionWindowMs: 1_000,
  });
  const joinToken = await signing.joinToken({
    roomId: 'daily',
    userId: 'ada',
    permissions: { chat: true },
    expiresInS: 60,
  });
  expect(await own.verifyJoinToken(joinToken)).toMatchObject({
    roomId: 'daily',
    userId: 'ada',
    grant: { permissions: { chat: true, publish: false } },
  });
  await expect(
    own.verify(await signing.sessionToken({ userId: 'ada', expiresInS: -60 })),
  ).rejects.toMatchObject({
    code: ErrorCode.TOKEN_EXPIRED,
  });
});

test('the issuer refuses what no server would take', async () => {
  expect(() => new TokenIssuer({ secret: 'short' })).toThrow('the secret is 5 bytes, the minimum is 32');
  await expect(issuer.sessionToken({ userId: 'a b', expiresInS: 1 })).rejects.toThrow(
    'user id "a b" is not 1 to 128',
  );
  await expect(issuer.sessionToken({ userId: 'a', rooms: { 'x y': {} }, expiresInS: 1 })).rejects.toThrow(
    'room id',
  );
  await expect(issuer.joinToken({ roomId: '', expiresInS: 1 })).rejects.toThrow('room id');
});
