import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { RawClient } from '../protocol/raw-client.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { recordLogLine } from '../reporter/run-record.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sharingProgram = fileURLToPath(new URL('sharing-program.ts', import.meta.url));

interface Entry {
  readonly event: string;
  readonly url: string;
  /** Of a drain's end. */
  readonly moved?: number;
  readonly closed?: number;
}

interface Program {
  readonly child: ChildProcess;
  /** The first line of the log with this event. Rejects where the process ends without it. */
  readonly entry: (event: string) => Promise<Entry>;
  /** Exit code and signal, when all of the output is here. */
  readonly ended: Promise<readonly [number | null, string | null]>;
  /** The log so far. */
  readonly entries: readonly Entry[];
  readonly errorOutput: () => string;
}

/** `npm start` without the build, or another program: the process from its source, with nothing of this environment but the path. */
function startProcess(env: Readonly<Record<string, string>>, program = 'src/start.ts'): Program {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-start-'));
  const child = spawn(process.execPath, [program], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  const entries: Entry[] = [];
  const heard = new EventEmitter();
  createInterface({ input: child.stdout }).on('line', (line) => {
    recordLogLine(line);
    entries.push(JSON.parse(line) as Entry);
    heard.emit('more');
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words += text));
  const ended = once(child, 'close') as Promise<[number | null, string | null]>;
  return {
    child,
    ended,
    entries,
    errorOutput: () => words,
    async entry(event) {
      for (;;) {
        const entry = entries.find((candidate) => candidate.event === event);
        if (entry !== undefined) return entry;
        const isOver = await Promise.race([once(heard, 'more').then(() => false), ended.then(() => true)]);
        if (isOver) throw new Error(`the process ended without ${event}: ${words}`);
      }
    },
  };
}

/** A TCP connection that has sent this. It never ends by itself. */
async function connectionWith(port: number, bytes: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  if (bytes !== '') await new Promise((resolve) => socket.write(bytes, resolve));
  return socket;
}

test('R6: one command serves health, a development token and a session, and SIGTERM ends it with 0', async () => {
  const { child, ended, entry } = startProcess({});
  const { url } = await entry('process.listening');
  const health = await fetch(`${url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: 'ok', parts: { store: 'memory', directory: 'open' } });
  const asked = await fetch(`${url}/api/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada Lovelace' }),
  });
  const { token, userId } = (await asked.json()) as { readonly token: string; readonly userId: string };
  const client = await RawClient.signIn(`${url.replace('http', 'ws')}/ws`, token);
  expect(client.welcome.userId).toBe(userId);
  const joined = await client.join('start', '');
  expect(joined.room?.peers[0]?.displayName).toBe('Ada Lovelace');
  child.kill('SIGTERM');
  expect((await client.closed).code).toBe(4200);
  expect(await ended).toEqual([0, null]);
});

test('L3: all that is wrong with the settings is said at once, and nothing starts', async () => {
  const { ended, errorOutput } = startProcess({
    PORT: 'many',
    CLIENT_URL: 'not a url',
    MAX_FRAME_BYTES: '-1',
  });
  expect(await ended).toEqual([1, null]);
  for (const name of ['PORT', 'CLIENT_URL', 'MAX_FRAME_BYTES']) expect(errorOutput()).toContain(name);
});

test('the open development policy and development tokens refuse to run in production', async () => {
  const { ended, errorOutput } = startProcess({ NODE_ENV: 'production' });
  expect(await ended).toEqual([1, null]);
  expect(errorOutput()).toContain('JWT_SECRET');
  expect(errorOutput()).toContain('DIRECTORY_URL');
});

test('L3: files that the settings name and that are no good are said at once, each by its setting', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = (name: string) => join(folder, name);
  writeFileSync(path('key.pem'), 'no key');
  writeFileSync(path('rooms.json'), '{"rooms":{"a":{"capacity":-1,"access":"ask"}}}');
  const { ended, errorOutput } = startProcess({
    TLS_CERT: path('cert.pem'),
    TLS_KEY: path('key.pem'),
    JWT_PUBLIC_KEY: path('public.pem'),
    DIRECTORY_FILE: path('rooms.json'),
  });
  expect(await ended).toEqual([1, null]);
  const right = 'should be as docs/directory.md describes';
  expect(errorOutput().split('\n')).toEqual([
    '4 settings are wrong:',
    `  JWT_PUBLIC_KEY  ${path('public.pem')} can't be read: ENOENT; should be a public key or certificate in PEM (the text, or the path of a file)`,
    `  TLS_CERT        ${path('cert.pem')} can't be read: ENOENT; should be the path of a certificate chain in PEM`,
    `  TLS_KEY         ${path('key.pem')} holds something else; should be the path of the certificate's private key in PEM, without a passphrase`,
    `  DIRECTORY_FILE  ${path('rooms.json')}: rooms.a.capacity: Too small: expected number to be >=0; ${right}`,
    `  DIRECTORY_FILE  ${path('rooms.json')}: rooms.a.allow: must be there where access is "ask"; ${right}`,
    '',
  ]);
});

test('L3: a key that can not do the configured algorithm is said without a stack', async () => {
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { ended, errorOutput } = startProcess({ JWT_PUBLIC_KEY: pem, JWT_ALGORITHMS: 'ES256' });
  expect(await ended).toEqual([1, null]);
  expect(errorOutput()).toBe("the key can't be used with ES256, it can with EdDSA, Ed25519\n");
});

test('L3: a port that somebody else listens on is said by the name of its setting', async () => {
  const other = createServer();
  await once(other.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;
  const { ended, errorOutput } = startProcess({ PORT: String(port) });
  expect(await ended).toEqual([1, null]);
  expect(errorOutput()).toBe(
    `One setting is wrong:\n  PORT  port ${port} is in use; set PORT to a free one\n`,
  );
});

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function refusalOf(url: string) {
  const refused = new WebSocket(url, 'parley.v1.proto');
  refused.on('error', () => undefined);
  const [, response] = (await once(refused, 'unexpected-response')) as [unknown, IncomingMessage];
  refused.terminate();
  return { status: response.statusCode, retryAfterS: Number(response.headers['retry-after']) };
}

test('N4: a node that finds no Redis at its start answers that it lives and is not ready, sends clients away, and serves them when Redis comes', async () => {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  await redis.kill();
  const port = await freePort();
  const { entry, entries } = startProcess({ PORT: String(port), REDIS_URL: redis.url });
  await entry('node.start_waits');
  const url = `http://127.0.0.1:${port}`;
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const readiness = await fetch(`${url}/readyz`);
  expect([readiness.status, await readiness.json()]).toEqual([
    503,
    { status: 'unready', reasons: ['starting', 'store'] },
  ]);
  const refusal = await refusalOf(`ws://127.0.0.1:${port}/ws`);
  expect(refusal.status).toBe(503);
  expect(refusal.retryAfterS).toBeGreaterThanOrEqual(1);
  expect(entries.map(({ event }) => event)).not.toContain('process.listening');
  await redis.restart();
  await entry('process.listening');
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(200);
  const asked = await fetch(`${url}/api/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada' }),
  });
  const { token } = (await asked.json()) as { readonly token: string };
  const client = await RawClient.signIn(`ws://127.0.0.1:${port}/ws`, token);
  onTestFinished(() => client.close());
  expect((await client.join('late', '')).created).toBe(true);
}, 60_000);

test('S7: SIGTERM ends a node with 0 that waits for Redis at its start', async () => {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  await redis.kill();
  const { child, ended, entry, entries } = startProcess({ REDIS_URL: redis.url });
  await entry('node.start_waits');
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(entries.map(({ event }) => event)).toEqual(
    expect.arrayContaining(['process.stopping', 'process.stopped']),
  );
}, 60_000);

test('SIGTERM ends the process with 0 in good time, whoever is connected without asking anything', async () => {
  const { child, ended, entry } = startProcess({});
  const port = Number(new URL((await entry('process.listening')).url).port);
  await connectionWith(port, '');
  await connectionWith(port, 'GET /health HTTP/1.1\r\nHost: localh');
  // Between two requests, and refused an upgrade without taking leave.
  const idle = await connectionWith(port, 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
  const refused = await connectionWith(port, `GET /nowhere HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`);
  await Promise.all([once(idle, 'data'), once(refused, 'data')]);
  const startedMs = performance.now();
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});

test('at SIGTERM a connection that says nothing ends at once, and a request under way is still answered', async () => {
  const { child, ended, entry } = startProcess({});
  const port = Number(new URL((await entry('process.listening')).url).port);
  const body = JSON.stringify({ name: 'Ada' });
  const head = `POST /api/dev/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
  const socket = await connectionWith(port, `${head}Content-Length: ${body.length}\r\n\r\n{`);
  // Its head is with the server when a later connection got an answer.
  await fetch(`http://127.0.0.1:${port}/health`);
  const silent = await connectionWith(port, '');
  child.kill('SIGTERM');
  await once(silent.resume(), 'end');
  const answered = once(socket.setEncoding('utf8'), 'data');
  socket.write(body.slice(1));
  expect((await answered)[0]).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  socket.end();
  expect(await ended).toEqual([0, null]);
});

/** A process with two clients, whose node's state others could share. */
async function startSharing(env: Readonly<Record<string, string>>) {
  const program = startProcess(env, sharingProgram);
  const { url } = await program.entry('process.listening');
  const issuer = new RecordingIssuer({ secret: 'a secret of the tests, at least 32 bytes long' });
  const signIn = async (userId: string) => {
    const token = await issuer.sessionToken({ userId, expiresInS: 60 });
    const client = await RawClient.signIn(`${url.replace('http', 'ws')}/ws`, token);
    onTestFinished(() => client.close());
    return client;
  };
  return { ...program, clients: [await signIn('ann'), await signIn('ben')] as const };
}

test('S7: SIGTERM tells the clients to move, closes who does not, and ends the process with 0 in time', async () => {
  const { child, ended, entry, clients } = await startSharing({
    DRAIN_TIMEOUT_MS: '600',
    DRAIN_CLIENTS_PER_SECOND: '10',
  });
  const [moving, staying] = clients;
  const startedMs = performance.now();
  child.kill('SIGTERM');
  const { value } = (await staying.control('goAway')).body;
  expect(value).toMatchObject({ afterMs: 100, untilMs: 300 });
  await moving.control('goAway');
  moving.close(1000);
  expect((await staying.closed).code).toBe(4200);
  expect(await ended).toEqual([0, null]);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(await entry('drain.end')).toMatchObject({ moved: 1, closed: 1 });
});

test('S7: a second SIGTERM while the clients move ends the process at once', async () => {
  const { child, ended, clients } = await startSharing({ DRAIN_TIMEOUT_MS: '60000' });
  child.kill('SIGTERM');
  await clients[0].control('goAway');
  child.kill('SIGTERM');
  expect(await ended).toEqual([1, null]);
});
