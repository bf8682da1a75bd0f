import { expect, test } from 'vitest';
import { ErrorCode } from '../../../src/client/index.ts';
import { connect, startServer } from './real-server.ts';
import { nextEvent, startSignedIn } from './scripted-client.ts';

const expiring = { case: 'tokenExpiring', value: { expiresAtMs: 1_000n } } as const;
const refreshed = { case: 'tokenRefreshed', value: { tokenExpiresAtMs: 0n } } as const;

test('S2: a refresh that is refused for the moment is reported and tried again', async () => {
  let asked = 0;
  const { client, connection } = await startSignedIn({ token: () => `token-${++asked}` });
  const error = nextEvent(client, 'error');
  connection.control(expiring);
  connection.refuse((await connection.expect('refreshToken')).id, ErrorCode.UNAVAILABLE);
  expect(await error).toMatchObject({ code: ErrorCode.UNAVAILABLE });
  const again = await connection.expect('refreshToken');
  expect(again.value.token).toBe('token-3');
  connection.reply(again.id, refreshed);
});

test('S2: a token function that fails while a token expires is asked again', async () => {
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked === 2) throw new Error('no network');
    return `token-${asked}`;
  };
  const { client, connection } = await startSignedIn({ token });
  const error = nextEvent(client, 'error');
  connection.control(expiring);
  expect((await connection.expect('refreshToken')).value.token).toBe('token-3');
  expect(await error).toMatchObject({ code: ErrorCode.UNAUTHENTICATED, cause: new Error('no network') });
});

test('S2: a token that the server refuses as a refresh is not tried again, nor signed in with', async () => {
  let asked = 0;
  const { server, client, connection } = await startSignedIn({ token: () => `token-${++asked}` });
  const error = nextEvent(client, 'error');
  connection.control(expiring);
  connection.refuse((await connection.expect('refreshToken')).id, ErrorCode.TOKEN_INVALID);
  expect(await error).toMatchObject({ code: ErrorCode.TOKEN_INVALID });
  connection.terminate();
  const next = await server.connection();
  expect((await next.expect('hello')).value.token).toBe('token-3');
  expect(asked).toBe(3);
});

test('S2: a token function that is slow is not asked twice, and its token goes over the connection that there is', async () => {
  let asked = 0;
  let give: (token: string) => void = () => undefined;
  const token = () => {
    asked += 1;
    return asked === 1 ? 'token-1' : new Promise<string>((resolve) => (give = resolve));
  };
  const { server, client, connection } = await startSignedIn({ token });
  const expiresSoon = nextEvent(client, 'token_expiring');
  connection.control(expiring);
  connection.control(expiring);
  await expiresSoon;
  connection.terminate();
  const again = await server.signedIn({ resumed: true });
  again.control(expiring);
  await nextEvent(client, 'token_expiring');
  give('token-2');
  const refresh = await again.expect('refreshToken');
  expect(refresh.value.token).toBe('token-2');
  again.reply(refresh.id, refreshed);
  client.join('room').catch(() => undefined);
  await again.expect('joinRoom');
  expect(asked).toBe(2);
});

test('S2: with a token function a client outlives its tokens over one connection', async () => {
  const server = await startServer({ JWT_CLOCK_SKEW_S: '0' });
  let asked = 0;
  const token = () => {
    asked += 1;
    return server.token('ada', { expiresInS: asked < 4 ? 2 : 60 });
  };
  const client = await connect(server, 'ada', { token });
  const states: string[] = [];
  client.on('state', ({ state }) => states.push(state));
  const idle = await connect(server, 'idle', { token: await server.token('idle', { expiresInS: 5 }) });
  expect(await nextEvent(idle, 'closed')).toMatchObject({
    code: 4101,
    error: { code: ErrorCode.TOKEN_EXPIRED },
  });
  expect(asked).toBe(4);
  expect(states).toEqual([]);
  await client.join('still-there');
});

test('S2: a client that could not refresh in time comes back with a new token and misses nothing', async () => {
  const server = await startServer({ JWT_CLOCK_SKEW_S: '0', RECONNECTION_WINDOW_MS: '5000' });
  let asked = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const token = async () => {
    asked += 1;
    if (asked > 1) await released;
    return server.token('ada', { expiresInS: asked === 1 ? 2 : 60 });
  };
  const client = await connect(server, 'ada', { token });
  const room = await client.join('room');
  const other = await (await connect(server, 'bob')).join('room');
  const left: unknown[] = [];
  other.on('peer_left', (event) => left.push(event));
  client.on('state', ({ state }) => {
    if (state === 'reconnecting') void other.sendOffer(room.self?.peerId ?? '', { sdp: 'v=0' }).then(release);
  });
  const offered = new Promise((resolve) => room.on('offer', resolve));
  expect(await nextEvent(client, 'resumed')).toEqual({ recovered: true });
  expect(await offered).toMatchObject({ from: other.self?.peerId, sdp: 'v=0' });
  expect([asked, left]).toEqual([2, []]);
});
