import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

async function start(env: Record<string, string>): Promise<TestServer> {
  const server = await startTestServer({ env });
  onTestFinished(() => server.close());
  return server;
}

/** A TCP connection, closed with the test. */
function dial(server: TestServer, from = '127.0.0.1'): Socket {
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', localAddress: from });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

interface Knock {
  readonly status: number;
  readonly answer: string;
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
}

/** Asks for an upgrade by hand. Resolves with the head of the answer, and its body where it is refused; status 0: no answer. */
async function knock(
  server: TestServer,
  {
    from = '127.0.0.1',
    forwardedFor,
    version = 13,
  }: { readonly from?: string; readonly forwardedFor?: string; readonly version?: number } = {},
): Promise<Knock> {
  const socket = dial(server, from);
  const forwarded = forwardedFor === undefined ? '' : `X-Forwarded-For: ${forwardedFor}\r\n`;
  socket.write(
    `GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: ${version}\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parley.v1.proto\r\n${forwarded}\r\n`,
  );
  let answer = '';
  socket.on('data', (bytes: Buffer) => (answer += bytes.toString('latin1')));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await Promise.race([once(socket, 'data'), closed]);
  const status = Number(answer.split(' ', 2)[1] ?? 0);
  if (status !== 101) await closed;
  return { status, answer, socket, closed };
}

/** Tries until a place that was left has been noticed as free. */
async function expectFree(tryIt: () => Promise<Knock>): Promise<void> {
  await expect.poll(async () => (await tryIt()).status).toBe(101);
}

const refusals = (server: TestServer) =>
  server.logLines.filter(({ event }) => event === 'connection.refused');

test('X4: an address has so many connections; one more gets 429 with the time to wait, another address is let in', async () => {
  const server = await start({ MAX_CONNECTIONS_PER_ADDRESS: '3' });
  const [first] = await Promise.all([knock(server), knock(server), knock(server)]);
  const refused = await knock(server);
  expect(refused.status).toBe(429);
  expect(refused.answer).toMatch(/^Retry-After: 10\r$/m);
  expect(JSON.parse(refused.answer.split('\r\n\r\n')[1] ?? '')).toEqual({
    error: {
      code: 'RATE_LIMITED',
      retryable: true,
      message: 'there are 3 connections of this address, the limit is 3',
    },
  });
  expect((await knock(server, { from: '127.0.0.2' })).status).toBe(101);
  // Without a trusted proxy, what a client says of its address is nothing.
  expect((await knock(server, { forwardedFor: '192.0.2.1' })).status).toBe(429);
  first.socket.destroy();
  await expectFree(() => knock(server));
});

test('X4: behind a trusted proxy the forwarded address counts, of IPv6 its /64', async () => {
  const server = await start({ TRUST_PROXY: '127.0.0.1', MAX_CONNECTIONS_PER_ADDRESS: '2' });
  const status = async (forwardedFor: string) => (await knock(server, { forwardedFor })).status;
  expect(await status('2001:db8:1:2::1')).toBe(101);
  expect(await status('2001:db8:1:2:ffff:ffff:ffff:ffff')).toBe(101);
  expect(await status('2001:db8:1:2::5')).toBe(429);
  expect(await status('2001:db8:1:3::5')).toBe(101);
  // What stands before the last address that no proxy has is the client's own invention.
  expect(await status('198.51.100.1, 192.0.2.1')).toBe(101);
  expect(await status('198.51.100.2, 192.0.2.1')).toBe(101);
  expect(await status('198.51.100.3, 192.0.2.1')).toBe(429);
});

test('X4: a node has so many connections; one more gets 503 with the time to wait', async () => {
  const server = await start({ MAX_CONNECTIONS: '3' });
  const sources = ['127.0.0.1', '127.0.0.2', '127.0.0.3'];
  const [first] = await Promise.all(sources.map((from) => knock(server, { from })));
  const refused = await knock(server, { from: '127.0.0.4' });
  expect(refused.status).toBe(503);
  expect(refused.answer).toMatch(/^Retry-After: 10\r$/m);
  first?.socket.destroy();
  await expectFree(() => knock(server, { from: '127.0.0.4' }));
});

test('X4: a user has so many connections; one more gets RATE_LIMITED and close 4201, and a resume takes its own place', async () => {
  const server = await start({ MAX_CONNECTIONS_PER_USER: '2' });
  const token = await server.token('alice', { windowMs: 5_000 });
  const [first, second] = [
    await RawClient.signIn(server.wsUrl, token),
    await RawClient.signIn(server.wsUrl, token),
  ];
  const third = await RawClient.open(server.wsUrl, { token });
  const { body } = await third.control('error');
  expect(body.value).toMatchObject({ code: ErrorCode.RATE_LIMITED, retryable: true, retryAfterMs: 5_000 });
  expect((await third.closed).code).toBe(4201);

  const { sessionId, sessionSecret } = first.welcome;
  const back = await RawClient.open(server.wsUrl, {
    hello: { case: 'hello', value: { token, resume: { sessionId, sessionSecret } } },
  });
  expect((await back.welcomed()).resumed).toBe(true);
  expect((await first.closed).code).toBe(4300);

  (await RawClient.signIn(server.wsUrl, await server.token('bob'))).close();
  second.close();
  await expect
    .poll(async () => {
      const again = await RawClient.open(server.wsUrl, { token });
      const outcome = await again.welcomed().then(
        () => 'welcome',
        () => 'refused',
      );
      again.close();
      return outcome;
    })
    .toBe('welcome');
  back.close();
});

test('X4: a thousand sockets that never sign in take a share of the places, end in time, and others sign in meanwhile', async () => {
  const server = await start({ MAX_UNSIGNED_CONNECTIONS: '200', SIGN_IN_TIMEOUT_MS: '4000' });
  const startedMs = performance.now();
  const knocks = await Promise.all(Array.from({ length: 1_000 }, () => knock(server)));
  const knockedMs = performance.now() - startedMs;
  const open = knocks.filter(({ status }) => status === 101);
  expect(open).toHaveLength(50);
  expect(knocks.filter(({ status }) => status === 429)).toHaveLength(950);
  const token = await server.token('alice');
  (await RawClient.signIn(server.wsUrl, token, { from: '127.0.0.2' })).close();

  await Promise.all(open.map(({ closed }) => closed));
  await expectFree(() => knock(server));
  const failures = server.logLines.filter(({ event }) => event === 'ws.auth_failure');
  expect(failures.length).toBeGreaterThanOrEqual(50);
  await expect
    .poll(() => refusals(server).reduce((sum, line) => sum + Number(line['unsigned'] ?? 0), 0), {
      timeout: 3_000,
    })
    .toBe(950);
  // One for each second that had some.
  expect(refusals(server).length).toBeLessThan(knockedMs / 1_000 + 3);
});

test('X4: an address opens so many sockets, also where none ever asks for anything', async () => {
  const server = await start({ MAX_CONNECTIONS_PER_ADDRESS: '10' });
  const sockets = Array.from({ length: 160 }, () => dial(server));
  await expect.poll(() => sockets.filter(({ closed }) => closed).length).toBe(50);
  expect((await knock(server, { from: '127.0.0.2' })).status).toBe(101);
  for (const socket of sockets) socket.destroy();
  await expectFree(() => knock(server));
  await expect.poll(() => refusals(server), { timeout: 3_000 }).not.toEqual([]);
  expect(refusals(server)[0]?.['sockets-of-address']).toBeGreaterThanOrEqual(50);
  expect(refusals(server).length).toBeLessThan(4);
});

test('X4: of many sign-ins at once each is served or told when to come again, and those who come then are served', async () => {
  const server = await start({ SIGN_INS_AT_ONCE: '1', SIGN_INS_WAITING: '10' });
  const token = await server.token('alice');
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => RawClient.open(server.wsUrl, { hello: 'none' })),
  );
  for (const client of clients) client.send({ body: { case: 'hello', value: { token } } });
  const outcomes = await Promise.all(
    clients.map(async (client) => {
      const refused = client.closed.then(async ({ code }) => {
        const { value } = (await client.control('error')).body;
        return { code, error: value.code, retryAfterMs: value.retryAfterMs };
      });
      const outcome = await Promise.race([client.welcomed().catch(() => refused), refused]);
      client.close();
      return 'retryAfterMs' in outcome ? outcome : 'welcome';
    }),
  );
  const refused = outcomes.filter((outcome) => outcome !== 'welcome');
  expect(outcomes.length - refused.length).toBeGreaterThanOrEqual(11);
  expect(refused.length).toBeGreaterThan(0);
  for (const { code, error, retryAfterMs } of refused) {
    expect({ code, error }).toEqual({ code: 4201, error: ErrorCode.RATE_LIMITED });
    expect(retryAfterMs).toBeGreaterThanOrEqual(1_000);
    expect(retryAfterMs).toBeLessThan(5_000);
  }
  expect(new Set(refused.map(({ retryAfterMs }) => retryAfterMs)).size).toBeGreaterThan(refused.length / 2);
  (await RawClient.signIn(server.wsUrl, token)).close();
});

test('X4: handshakes that trickle in and never end are cut off and counted in the log, and others are served', async () => {
  const server = await start({ HANDSHAKE_TIMEOUT_MS: '300' });
  const slow = Array.from({ length: 100 }, () => dial(server));
  for (const socket of slow) socket.resume().write('GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const trickle = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('z');
  }, 20);
  onTestFinished(() => clearInterval(trickle));
  (await RawClient.signIn(server.wsUrl, await server.token('alice'))).close();
  await expect.poll(() => slow.filter(({ destroyed }) => destroyed).length, { timeout: 3_000 }).toBe(100);
  await expect
    .poll(() => refusals(server).reduce((sum, line) => sum + Number(line['handshake-timeout'] ?? 0), 0), {
      timeout: 3_000,
    })
    .toBe(100);
});

test('X4: a handshake of another version is refused with a typed error, and counted in the log', async () => {
  const server = await start({});
  const { status, answer } = await knock(server, { version: 7 });
  expect(status).toBe(400);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    error: { code: 'INVALID_ARGUMENT', retryable: false },
  });
  await expect
    .poll(() => refusals(server), { timeout: 3_000 })
    .toEqual([expect.objectContaining({ handshake: 1 })]);
});

test('X4: requests that come all at once, of connections that are there already, are answered a few in each turn of the event loop', async () => {
  const server = await start({});
  const sockets = await Promise.all(
    Array.from({ length: 80 }, async () => {
      const socket = dial(server);
      await once(socket, 'connect');
      return socket;
    }),
  );
  // Each is heard, so none waits at the door: half of a request, as over a slow line.
  for (const socket of sockets) socket.write('GET /nowhere HTTP/1.1\r\nHost: localhost\r\n');
  await delay(500);
  let answered = 0;
  let inThisTurn = 0;
  let mostInATurn = 0;
  const answers = sockets.map(async (socket) => {
    await once(socket, 'data');
    answered += 1;
    inThisTurn += 1;
    mostInATurn = Math.max(mostInATurn, inThisTurn);
  });
  for (const socket of sockets)
    socket.write(
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
  while (answered < sockets.length) {
    await new Promise(setImmediate);
    inThisTurn = 0;
  }
  await Promise.all(answers);
  // The server is in this process: what it answers in one turn arrives in the next.
  expect(mostInATurn).toBeLessThan(20);
});
