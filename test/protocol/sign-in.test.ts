import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { SIGN_IN_TIMEOUT_MS: '400' } });
});
afterAll(() => server.close());

/** A JWT put together by hand, as an attacker would. */
function forgedToken(header: object, claims: object, sign: (input: string) => string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${sign(input)}`;
}

async function refused(token: string) {
  const client = await RawClient.open(server.wsUrl, { token });
  const { body } = await client.control('error');
  return { code: body.value.code, close: (await client.closed).code };
}

test('S1: a token signs in by header, by cookie, by query and by the first frame', async () => {
  const token = await server.token('alice');
  const ways = [
    RawClient.open(server.wsUrl, { headers: { authorization: `Bearer ${token}` }, hello: 'none' }),
    RawClient.open(server.wsUrl, { headers: { cookie: `theme=dark; access_token=${token}` }, hello: 'none' }),
    RawClient.open(`${server.wsUrl}?access_token=${token}`, { hello: 'none' }),
    RawClient.open(server.wsUrl, { token }),
    RawClient.open(`${server.wsUrl}?hello=1`, { headers: { authorization: `Bearer ${token}` } }),
  ];
  for (const opening of ways) {
    const client = await opening;
    const welcome = await client.welcomed();
    expect(welcome.userId).toBe('alice');
    expect(welcome.resumed).toBe(false);
    expect(welcome.limits?.maxFrameBytes).toBe(1_048_576);
    expect(welcome.liveness).toMatchObject({
      pingIntervalMs: 25_000,
      pingTimeoutMs: 60_000,
      heartbeatIntervalMs: 10_000,
    });
    client.close();
  }
});

test('S1: the query parameter can be switched off, and no token stands in the log', async () => {
  const strict = await startTestServer({ env: { TOKEN_IN_QUERY: 'false', SIGN_IN_TIMEOUT_MS: '100' } });
  const token = await strict.token('alice');
  const client = await RawClient.open(`${strict.wsUrl}?access_token=${token}`, { hello: 'none' });
  expect((await client.closed).code).toBe(4102);
  const signedIn = await RawClient.signIn(strict.wsUrl, token);
  signedIn.close();
  await strict.close();
  const log = JSON.stringify([...strict.logLines, ...server.logLines]);
  expect(strict.logLines.map(({ event }) => event)).toContain('ws.auth_success');
  expect(log).not.toContain(token);
  expect(log).not.toContain(token.split('.')[2]);
  expect(log).not.toContain('alice');
});

test('S1: nothing is answered before the sign-in', async () => {
  const client = await RawClient.open(server.wsUrl, { hello: 'none' });
  client.send({ id: 1, body: { case: 'joinRoom', value: { roomId: 'daily', peerId: randomUUID() } } });
  const { body } = await client.control('error');
  expect(body.value.code).toBe(ErrorCode.UNAUTHENTICATED);
  expect((await client.closed).code).toBe(4305);
  expect(client.frames).toHaveLength(1);
});

test('S1: a socket that does not sign in is closed after the time for it', async () => {
  const started = performance.now();
  const client = await RawClient.open(server.wsUrl, { hello: 'none' });
  expect((await client.closed).code).toBe(4102);
  expect(performance.now() - started).toBeGreaterThan(350);
});

test('S1: a wrong, an expired, an unsigned and a swapped token each get the upgrade, a typed error and a close code', async () => {
  const good = await server.token('alice');
  const claims = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 60 };
  const hs512 = (input: string) =>
    createHmac('sha512', 'a secret of the tests, at least 32 bytes long').update(input).digest('base64url');
  expect(await refused(`${good.slice(0, -4)}AAAA`)).toEqual({ code: ErrorCode.TOKEN_INVALID, close: 4100 });
  expect(await refused('not a token')).toEqual({ code: ErrorCode.TOKEN_INVALID, close: 4100 });
  expect(await refused(await server.token('alice', { expiresInS: -60 }))).toEqual({
    code: ErrorCode.TOKEN_EXPIRED,
    close: 4101,
  });
  expect(await refused(forgedToken({ alg: 'none' }, claims, () => ''))).toEqual({
    code: ErrorCode.TOKEN_INVALID,
    close: 4100,
  });
  expect(await refused(forgedToken({ alg: 'HS512' }, claims, hs512))).toEqual({
    code: ErrorCode.TOKEN_INVALID,
    close: 4100,
  });
  expect(await refused('')).toEqual({ code: ErrorCode.UNAUTHENTICATED, close: 4305 });
  (await RawClient.signIn(server.wsUrl, good)).close();
});

test('S1: frames sent together with the Hello are handled after the welcome, in order', async () => {
  const client = await RawClient.open(server.wsUrl, { token: await server.token('alice') });
  client.send({ id: 1, body: { case: 'joinRoom', value: { roomId: 'early', peerId: randomUUID() } } });
  client.send({ id: 2, body: { case: 'getRoom', value: { roomId: 'early' } } });
  expect((await client.reply(2)).result.case).toBe('room');
  expect(client.frames.map(({ frame }) => frame.case)).toEqual(['control', 'reply', 'reply']);
  client.close();
});

test('S3: one user has several sessions at once, each with its own place in a room', async () => {
  const token = await server.token('alice');
  const [phone, laptop] = [
    await RawClient.signIn(server.wsUrl, token),
    await RawClient.signIn(server.wsUrl, token),
  ];
  expect(phone.welcome.sessionId).not.toBe(laptop.welcome.sessionId);
  await phone.join('both', randomUUID());
  const joined = await laptop.join('both', randomUUID());
  expect(joined.room?.peers.map((peer) => peer.userId)).toEqual(['alice', 'alice']);
  phone.close();
  laptop.close();
});

test('S3: a claim makes a new session replace the old one, whose peers leave as replaced', async () => {
  const watcher = await RawClient.signIn(server.wsUrl, await server.token('bob'));
  await watcher.join('replacing', randomUUID());
  const token = await server.token('alice', { sessions: 'replace' });
  const old = await RawClient.signIn(server.wsUrl, token);
  const peerId = randomUUID();
  await old.join('replacing', peerId);
  const next = await RawClient.signIn(server.wsUrl, token);
  expect((await old.closed).code).toBe(4301);
  const { body } = await watcher.event('peerLeft');
  expect(body.value).toMatchObject({ peerId, reason: 5 });
  next.close();
  watcher.close();
});

test('S3: a claim makes a second session be refused', async () => {
  const token = await server.token('carol', { sessions: 'refuse' });
  const first = await RawClient.signIn(server.wsUrl, token);
  expect(await refused(token)).toEqual({ code: ErrorCode.SESSION_REFUSED, close: 4302 });
  await first.settle();
  first.close();
});

test('S3: a second connection of the same session replaces the first, with a code that says not to come back', async () => {
  const token = await server.token('alice');
  const first = await RawClient.signIn(server.wsUrl, token);
  const peerId = randomUUID();
  await first.join('moving', peerId);
  const watcher = await RawClient.signIn(server.wsUrl, await server.token('bob'));
  await watcher.join('moving', randomUUID());
  const { sessionId, sessionSecret } = first.welcome;
  const second = await RawClient.open(server.wsUrl, {
    hello: { case: 'hello', value: { token, resume: { sessionId, sessionSecret } } },
  });
  const welcome = await second.welcomed();
  expect((await first.closed).code).toBe(4300);
  expect(welcome).toMatchObject({ resumed: true, sessionId });
  expect(welcome.rooms.map(({ roomId, outcome }) => [roomId, outcome.case])).toEqual([
    ['moving', 'snapshot'],
  ]);
  second.send({ id: 50, body: { case: 'getRoom', value: { roomId: 'moving' } } });
  expect((await second.reply(50)).result.case).toBe('room');
  await watcher.settle();
  expect(watcher.events('peerLeft')).toEqual([]);
  second.close();
  watcher.close();
});

test('S3: another user, or a wrong secret, does not get a session by its id', async () => {
  const alice = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  const { sessionId, sessionSecret } = alice.welcome;
  const attempts = [
    { token: await server.token('mallory'), resume: { sessionId, sessionSecret } },
    { token: await server.token('alice'), resume: { sessionId, sessionSecret: 'guessed' } },
  ];
  for (const value of attempts) {
    const client = await RawClient.open(server.wsUrl, { hello: { case: 'hello', value } });
    const welcome = await client.welcomed();
    expect(welcome.resumed).toBe(false);
    expect(welcome.sessionId).not.toBe(sessionId);
    client.close();
  }
  await alice.settle();
  alice.close();
});

test('S4: a heartbeat is answered with how far the connection was served', async () => {
  const client = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  const joined = await client.join('beating', randomUUID());
  const reply = await client.request({ case: 'heartbeat', value: {} });
  expect(reply.result).toMatchObject({
    case: 'heartbeat',
    value: { delivered: [{ stream: 'beating', epoch: joined.room?.head?.epoch, offset: 1 }] },
  });
  client.close();
});

test('S4: a heartbeat moves a quiet peer on, past what others said to each other', async () => {
  const peers = await Promise.all(
    ['alice', 'bob', 'carol'].map(async (name) => {
      const client = await RawClient.signIn(server.wsUrl, await server.token(name));
      const peerId = randomUUID();
      await client.join('quiet', peerId);
      return { client, peerId };
    }),
  );
  const [alice, bob, carol] = peers;
  if (alice === undefined || bob === undefined || carol === undefined)
    throw new Error('three peers were made');
  for (let times = 0; times < 5; times++) {
    const body = { kind: { case: 'offer', value: { sdp: 'v=0' } } } as const;
    await alice.client.request({ case: 'relay', value: { roomId: 'quiet', to: bob.peerId, body } });
  }
  const { result } = await carol.client.request({ case: 'heartbeat', value: {} });
  expect(result).toMatchObject({ case: 'heartbeat', value: { delivered: [{ stream: 'quiet', offset: 8 }] } });
  for (const { client } of peers) client.close();
});

test('S1: a broken first frame is a fault of the protocol, not of the token', async () => {
  const client = await RawClient.open(server.wsUrl, { hello: 'none' });
  client.sendRaw(Uint8Array.of(0x07));
  expect((await client.control('error')).body.value.code).toBe(ErrorCode.MALFORMED_FRAME);
  expect((await client.closed).code).toBe(4305);
});

test('S4: the server pings, and closes a connection that has fallen silent', async () => {
  const quick = await startTestServer({ env: { PING_INTERVAL_MS: '50', PING_TIMEOUT_MS: '300' } });
  const token = await quick.token('alice');
  const silent = new WebSocket(`${quick.wsUrl}?access_token=${token}`, 'parley.v1.proto', {
    autoPong: false,
  });
  const lively = new WebSocket(`${quick.wsUrl}?access_token=${token}`, 'parley.v1.proto');
  let pings = 0;
  lively.on('ping', () => pings++);
  const code = await new Promise((resolve) => silent.once('close', resolve));
  expect([4000, 1006]).toContain(code);
  expect(lively.readyState).toBe(WebSocket.OPEN);
  expect(pings).toBeGreaterThan(2);
  lively.terminate();
  await quick.close();
});

test('X4: an upgrade without a known subprotocol, to another path or from a foreign origin is refused with a typed error', async () => {
  const cookie = `access_token=${await server.token('alice')}`;
  const attempt = async (url: string, subprotocol: string, headers: Record<string, string> = {}) => {
    const socket = new WebSocket(url, subprotocol, { headers });
    return new Promise<[number, string]>((resolve) => {
      socket.on('unexpected-response', (_request, response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve([response.statusCode ?? 0, body]));
      });
      socket.on('error', () => undefined);
      socket.on('open', () => {
        socket.close();
        resolve([101, '']);
      });
    });
  };
  const refused = async (...args: Parameters<typeof attempt>) => {
    const [status, body] = await attempt(...args);
    return { status, ...(JSON.parse(body) as { error: object }).error };
  };
  expect(await refused(server.wsUrl, 'chat')).toMatchObject({ status: 400, code: 'INVALID_ARGUMENT' });
  expect(await refused(`${server.wsUrl}/else`, 'parley.v1.proto')).toMatchObject({
    status: 404,
    code: 'UNIMPLEMENTED',
  });
  const foreign = { cookie, origin: 'https://evil.example' };
  expect(await refused(server.wsUrl, 'parley.v1.proto', foreign)).toEqual({
    status: 403,
    code: 'PERMISSION_DENIED',
    retryable: false,
    message: 'this origin may not connect: see the setting CLIENT_URL',
  });
  const own = { cookie, origin: 'http://localhost:3000' };
  expect((await attempt(server.wsUrl, 'parley.v1.proto', own))[0]).toBe(101);
  const counted = () => server.logLines.filter(({ event }) => event === 'connection.refused');
  await expect
    .poll(counted, { timeout: 3_000 })
    .toEqual([expect.objectContaining({ subprotocol: 1, path: 1, origin: 1 })]);
});
