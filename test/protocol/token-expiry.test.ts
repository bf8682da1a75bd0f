import { randomUUID } from 'node:crypto';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import { LeaveReason } from '../../gen/parley/signal/v1/room_pb.ts';
import { RawClient } from './raw-client.ts';
import { errorOf } from './room-server.ts';
import { startTestServer } from './test-server.ts';

const server = await startTestServer({ env: { JWT_CLOCK_SKEW_S: '0', RECONNECTION_WINDOW_MS: '1500' } });
afterAll(() => server.close());

type TokenRequest = Parameters<typeof server.token>[1];

async function signIn(userId: string, more?: TokenRequest): Promise<RawClient> {
  return opened(await RawClient.signIn(server.wsUrl, await server.token(userId, more)));
}

/** A connection that comes back to a session. */
async function resume({ welcome, frames }: RawClient, token: string): Promise<RawClient> {
  const { sessionId, sessionSecret } = welcome;
  // Of every room, how far it was read.
  const positions = new Map<string, { stream: string; epoch: number; offset: number }>();
  for (const { frame } of frames) {
    if (frame.case === 'reply' && frame.value.result.case === 'roomJoined') {
      const { roomId = '', head } = frame.value.result.value.room ?? {};
      if (head) positions.set(roomId, { stream: roomId, epoch: head.epoch, offset: head.offset });
    } else if (frame.case === 'event') {
      const { stream, epoch, offset } = frame.value;
      positions.set(stream, { stream, epoch, offset });
    }
  }
  const value = { token, resume: { sessionId, sessionSecret, positions: [...positions.values()] } };
  return opened(await RawClient.open(server.wsUrl, { hello: { case: 'hello', value } }));
}

function opened(client: RawClient): RawClient {
  onTestFinished(() => client.close());
  return client;
}

const refreshing = (token: string) => ({ case: 'refreshToken', value: { token } }) as const;

test('S2: the client is warned ahead and refreshes in place, beyond the expiry of its first token', async () => {
  const watcher = await signIn('wanda');
  await watcher.join('ahead', randomUUID());
  const short = { expiresInS: 2 };
  const [client, heedless] = [await signIn('ana', short), await signIn('ana', short)];
  await client.join('ahead', randomUUID());
  const { body } = await client.control('tokenExpiring');
  const leftMs = Number(body.value.expiresAtMs) - Date.now();
  expect(body.value.expiresAtMs).toBe(client.welcome.tokenExpiresAtMs);
  expect(leftMs).toBeGreaterThan(0);
  const { result } = await client.request(refreshing(await server.token('ana')));
  const inAnHour = Date.now() + 3_600_000;
  expect(result.case).toBe('tokenRefreshed');
  expect(
    Math.abs(Number(result.case === 'tokenRefreshed' && result.value.tokenExpiresAtMs) - inAnHour),
  ).toBeLessThan(2_000);
  // By the same clock, a connection that was not refreshed.
  expect((await heedless.closed).code).toBe(4101);
  await client.settle();
  await watcher.settle();
  expect(watcher.events('peerLeft')).toEqual([]);
});

test('S2: a token that is not refreshed closes the connection when it expires, and a new one resumes without a gap', async () => {
  const [client, other] = [await signIn('bea', { expiresInS: 2 }), await signIn('otto')];
  const [peerId, otherId] = [randomUUID(), randomUUID()];
  await other.join('back', otherId);
  await client.join('back', peerId);
  const expiresAtMs = Number(client.welcome.tokenExpiresAtMs);
  expect((await client.closed).code).toBe(4101);
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAtMs);
  expect(Date.now() - expiresAtMs).toBeLessThan(1_000);
  const body = { kind: { case: 'offer', value: { sdp: 'v=0' } } } as const;
  await other.request({ case: 'relay', value: { roomId: 'back', to: peerId, body } });

  const late = await resume(client, await server.token('bea', { expiresInS: -1 }));
  expect((await late.control('error')).body.value.code).toBe(ErrorCode.TOKEN_EXPIRED);
  expect((await late.closed).code).toBe(4101);
  const back = await resume(client, await server.token('bea'));
  const welcome = await back.welcomed();
  expect(welcome).toMatchObject({ resumed: true, sessionId: client.welcome.sessionId });
  expect(welcome.rooms.map(({ outcome }) => outcome.case)).toEqual(['recovered']);
  expect((await back.event('relay')).body.value.from).toBe(otherId);
  await other.settle();
  expect(other.events('peerLeft')).toEqual([]);
});

test('S2: a session whose token expired and that does not come back leaves its rooms with its window', async () => {
  const [client, other] = [await signIn('cleo', { expiresInS: 2, windowMs: 100 }), await signIn('olaf')];
  await other.join('gone', randomUUID());
  const peerId = randomUUID();
  await client.join('gone', peerId);
  expect((await client.closed).code).toBe(4101);
  const { body } = await other.event('peerLeft');
  expect(body.value).toMatchObject({ peerId, reason: LeaveReason.CONNECTION_LOST });
  const back = await resume(client, await server.token('cleo'));
  expect(await back.welcomed()).toMatchObject({ resumed: false });
});

test('S2: a token of another user, policy or window, and one that is none, are refused and the session goes on', async () => {
  const client = await signIn('dan', { sessions: 'replace', windowMs: 1_000, scopes: ['list'] });
  const own = { sessions: 'replace', windowMs: 1_000 } as const;
  const good = await server.token('dan', own);
  const refused: readonly (readonly [string, ErrorCode])[] = [
    [await server.token('eve', own), ErrorCode.TOKEN_INVALID],
    [await server.token('dan', { ...own, sessions: 'multiple' }), ErrorCode.TOKEN_INVALID],
    [await server.token('dan', { ...own, windowMs: 2_000 }), ErrorCode.TOKEN_INVALID],
    [await server.token('dan', { sessions: 'replace' }), ErrorCode.TOKEN_INVALID],
    [await server.issuer.joinToken({ roomId: 'x', expiresInS: 60 }), ErrorCode.TOKEN_INVALID],
    [`${good.slice(0, -4)}AAAA`, ErrorCode.TOKEN_INVALID],
    ['', ErrorCode.INVALID_ARGUMENT],
    [await server.token('dan', { ...own, expiresInS: -1 }), ErrorCode.TOKEN_EXPIRED],
  ];
  for (const [token, code] of refused) {
    const error = await errorOf(client, refreshing(token));
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).not.toContain('eve');
  }
  // Still by its first token, which may enter no room.
  const joining = { case: 'joinRoom', value: { roomId: 'scopes', peerId: randomUUID() } } as const;
  expect((await errorOf(client, joining)).code).toBe(ErrorCode.PERMISSION_DENIED);
  expect((await client.request(refreshing(good))).result.case).toBe('tokenRefreshed');
  expect((await client.request(joining)).result.case).toBe('roomJoined');
});

test("S2: scopes and grants are the new token's from then on, also fewer", async () => {
  const client = await signIn('fay', { rooms: { one: {} } });
  const joined = async (roomId: string) => {
    const { result } = await client.request({ case: 'joinRoom', value: { roomId, peerId: randomUUID() } });
    return result.case === 'error' ? result.value.code : result.case;
  };
  expect([await joined('one'), await joined('two')]).toEqual(['roomJoined', ErrorCode.JOIN_DENIED]);
  await client.request(refreshing(await server.token('fay', { rooms: { two: {} } })));
  expect([await joined('two'), await joined('three')]).toEqual(['roomJoined', ErrorCode.JOIN_DENIED]);
  await client.request(refreshing(await server.token('fay', { scopes: ['list'] })));
  expect(await joined('four')).toBe(ErrorCode.PERMISSION_DENIED);
  expect((await client.request({ case: 'getRoom', value: { roomId: 'one' } })).result.case).toBe('room');
});

test('S2: a refresh to a shorter token holds too, and one token again is warned of once', async () => {
  const client = await signIn('gil');
  const short = await server.token('gil', { expiresInS: 2 });
  await client.request(refreshing(short));
  await client.control('tokenExpiring');
  await client.request(refreshing(short));
  expect((await client.closed).code).toBe(4101);
  const warnings = client.frames.filter(
    ({ frame }) => frame.case === 'control' && frame.value.body.case === 'tokenExpiring',
  );
  expect(warnings).toHaveLength(1);
});

test('S2: a refresh whose connection is lost before its answer leaves a session that resumes with the new token', async () => {
  const client = await signIn('hal', { expiresInS: 2 });
  await client.join('cut', randomUUID());
  const token = await server.token('hal');
  client.send({ id: client.takeId(), body: refreshing(token) });
  client.close();
  const back = await resume(client, token);
  expect(await back.welcomed()).toMatchObject({ resumed: true });
  const heedless = await signIn('hal', { expiresInS: 2 });
  expect((await heedless.closed).code).toBe(4101);
  await back.settle();
});

test('S2: a token that holds for a century is neither warned of nor closed for', async () => {
  const century = 100 * 365 * 86_400;
  const client = await signIn('ida', { expiresInS: century });
  await client.request(refreshing(await server.token('ida', { expiresInS: century })));
  // A timer past the limit of Node fires after a millisecond.
  const heedless = await signIn('ida', { expiresInS: 2 });
  expect((await heedless.closed).code).toBe(4101);
  await client.settle();
  expect(client.frames.filter(({ frame }) => frame.case === 'control')).toHaveLength(1);
});

test('S2: the clock skew that a sign-in is allowed holds for a live connection too', async () => {
  const lenient = await startTestServer({ env: { JWT_CLOCK_SKEW_S: '2' } });
  onTestFinished(() => lenient.close());
  const expired = await lenient.token('joe', { expiresInS: 0 });
  const client = opened(await RawClient.signIn(lenient.wsUrl, expired));
  expect(Number(client.welcome.tokenExpiresAtMs)).toBeGreaterThan(Date.now());
  await client.settle();
  expect((await client.closed).code).toBe(4101);
  expect(Date.now()).toBeGreaterThanOrEqual(Number(client.welcome.tokenExpiresAtMs));
});
