import { expect, test } from 'vitest';
import { CloseCode, ErrorCode, ParleyClient } from '../../../src/client/index.ts';
import { nextEvent, startPair } from './scripted-client.ts';
import { ScriptedServer } from './scripted-server.ts';

test('L1: a client says Hello first, with its token, and is signed in by the welcome', async () => {
  const { server, client } = await startPair({ client: 'test/1' });
  const states: string[] = [];
  client.on('state', ({ state }) => states.push(state));
  const connected = client.connect();
  const connection = await server.connection();
  const hello = await connection.expect('hello');
  expect(hello).toMatchObject({ id: 0, value: { token: 'token-1', client: 'test/1' } });
  expect(hello.value.resume).toBeUndefined();
  expect(connection.subprotocol).toBe('parley.v1.proto');
  expect(connection.url).toBe('/ws?hello=1');
  expect(client.state).toBe('connecting');
  const iceServers = {
    servers: [{ urls: ['turn:a'], username: 'u', credential: 'c' }, { urls: ['stun:b'] }],
  };
  connection.welcome({ userId: 'ann', iceServers });
  await connected;
  expect(states).toEqual(['connecting', 'connected']);
  expect(client.userId).toBe('ann');
  expect(client.iceServers).toEqual([
    { urls: ['turn:a'], username: 'u', credential: 'c' },
    { urls: ['stun:b'] },
  ]);
});

test("L1: without a WebSocket of its own, a client takes the host's", async () => {
  const server = await ScriptedServer.listen();
  const client = new ParleyClient({ url: server.url, token: 'token-1', retry: { firstDelayMs: 1 } });
  const [connection] = await Promise.all([server.signedIn(), client.connect()]);
  expect(connection.subprotocol).toBe('parley.v1.proto');
  const resumed = nextEvent(client, 'resumed');
  connection.terminate();
  const again = await server.signedIn({ resumed: true });
  expect(await resumed).toEqual({ recovered: true });
  const closing = client.close();
  again.acknowledge((await again.expect('signOut')).id);
  await closing;
  await server.close();
});

test('a url that has a query keeps it', async () => {
  const { server } = await startPair();
  const { client } = await startPair({ url: `${server.url}?peer_id=1` });
  const [connection] = await Promise.all([server.signedIn(), client.connect()]);
  expect(connection.url).toBe('/ws?peer_id=1&hello=1');
  connection.terminate();
});

test('a token that is refused ends the client, with what the server said, when there is no other', async () => {
  const { server, client } = await startPair();
  const closed = nextEvent(client, 'closed');
  const connected = client.connect();
  const connection = await server.connection();
  await connection.expect('hello');
  connection.control({ case: 'error', value: { code: ErrorCode.TOKEN_INVALID, message: 'bad signature' } });
  connection.close(CloseCode.TOKEN_INVALID);
  await expect(connected).rejects.toMatchObject({ code: ErrorCode.TOKEN_INVALID, message: 'bad signature' });
  expect(await closed).toMatchObject({ code: CloseCode.TOKEN_INVALID, error: { message: 'bad signature' } });
  expect(client.state).toBe('closed');
});

test('a token function is asked again when its token was refused, and given up after its third', async () => {
  let asked = 0;
  const { server, client } = await startPair({
    token: () => Promise.resolve(`token-${++asked}`),
    retry: { firstDelayMs: 1 },
  });
  const connected = client.connect();
  for (const token of ['token-1', 'token-2', 'token-3']) {
    const connection = await server.connection();
    expect((await connection.expect('hello')).value.token).toBe(token);
    connection.close(CloseCode.TOKEN_EXPIRED);
  }
  await expect(connected).rejects.toMatchObject({ code: ErrorCode.TOKEN_EXPIRED });
});

test('a token function that throws is reported, and asked again', async () => {
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked === 1) throw new Error('no network');
    return 'token-2';
  };
  const { server, client } = await startPair({ token, retry: { firstDelayMs: 1 } });
  const error = nextEvent(client, 'error');
  const connected = client.connect();
  const connection = await server.connection();
  expect((await connection.expect('hello')).value.token).toBe('token-2');
  connection.welcome();
  await connected;
  expect(await error).toMatchObject({ code: ErrorCode.UNAUTHENTICATED, cause: new Error('no network') });
});

test('a refusal that must not be tried again rejects connect', async () => {
  const { server, client } = await startPair();
  const connected = client.connect();
  const connection = await server.connection();
  connection.close(CloseCode.SESSION_REFUSED);
  await expect(connected).rejects.toMatchObject({ code: ErrorCode.SESSION_REFUSED });
});

test('a server that sends what is no frame is not tried again', async () => {
  const { server, client } = await startPair();
  const connected = client.connect();
  const connection = await server.connection();
  connection.sendBytes(new Uint8Array([0xff, 0xff, 0xff]));
  await expect(connected).rejects.toMatchObject({ code: ErrorCode.MALFORMED_FRAME });
  expect(await connection.closed()).toBe(CloseCode.PROTOCOL_VIOLATION);
});

test('a url that is none rejects connect', async () => {
  const { client } = await startPair({ url: 'no url' });
  await expect(client.connect()).rejects.toMatchObject({ code: ErrorCode.INVALID_ARGUMENT });
});

test('close signs out, waits for the server, and may be followed by another connect', async () => {
  const { server, client } = await startPair();
  const [first] = await Promise.all([server.signedIn(), client.connect()]);
  const closed = nextEvent(client, 'closed');
  const closing = client.close();
  const { id } = await first.expect('signOut');
  first.acknowledge(id);
  await closing;
  expect(await closed).toEqual({ code: CloseCode.SIGNED_OUT });
  expect(await first.closed()).toBe(1000);
  await expect(client.join('room')).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  const connected = client.connect();
  const second = await server.connection();
  expect((await second.expect('hello')).value.resume).toBeUndefined();
  second.welcome({ sessionId: 'session-2' });
  await connected;
});

test('a token that expires soon is refreshed in place', async () => {
  let asked = 0;
  const { server, client } = await startPair({ token: () => `token-${++asked}` });
  const [connection] = await Promise.all([server.signedIn(), client.connect()]);
  const expiring = nextEvent(client, 'token_expiring');
  connection.control({ case: 'tokenExpiring', value: { expiresAtMs: 1_000n } });
  const { id, value } = await connection.expect('refreshToken');
  expect(value.token).toBe('token-2');
  connection.reply(id, { case: 'tokenRefreshed', value: { tokenExpiresAtMs: 0n } });
  expect(await expiring).toEqual({ expiresAt: new Date(1_000) });
  connection.terminate();
  const again = await server.connection();
  expect((await again.expect('hello')).value.token).toBe('token-2');
});

test('a listener that throws is reported, and the others hear the event all the same', async () => {
  const { server, client } = await startPair();
  const heard: string[] = [];
  client.on('state', () => {
    throw new Error('mine');
  });
  client.on('state', ({ state }) => heard.push(state));
  client.on('error', ({ code, cause }) => {
    heard.push(`${ErrorCode.INTERNAL === code} ${String(cause)}`);
    throw new Error('again');
  });
  await Promise.all([server.signedIn(), client.connect()]);
  expect(heard).toEqual(['true Error: mine', 'connecting', 'true Error: mine', 'connected']);
});
