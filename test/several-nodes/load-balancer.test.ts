import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../program/eventually.ts';
import { type LoadBalancer, startLoadBalancer } from './load-balancer.ts';

const configFile = fileURLToPath(new URL('../../deploy/haproxy.cfg', import.meta.url));
const nodeNames = ['node-1', 'node-2', 'node-3'];
const settleMs = 5_000;

/** As much of a node as a load balancer sees: it says which it is, whether it is ready, and what headers came. */
interface Backend {
  readonly name: string;
  readonly address: string;
  isReady: boolean;
}

async function startBackend(name: string): Promise<Backend> {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/readyz' && !backend.isReady ? 503 : 200;
    response.end(JSON.stringify({ name, headers: request.headers }));
  });
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('message', () => socket.send(name));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const backend = { name, address: `127.0.0.1:${port}`, isReady: true };
  return backend;
}

async function startAll(): Promise<{ backends: readonly Backend[]; balancer: LoadBalancer }> {
  const backends = await Promise.all(nodeNames.map(startBackend));
  const addresses = new Map(backends.map(({ name, address }) => [`${name}:4000`, address]));
  const balancer = await startLoadBalancer(configFile, addresses);
  onTestFinished(() => balancer.stop());
  return { backends, balancer };
}

interface Answer {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function ask({ url }: LoadBalancer, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const response = await fetch(`${url}/anything?access_token=secret`, { headers });
  return (await response.json()) as Answer;
}

async function openSocket({ url }: LoadBalancer): Promise<WebSocket> {
  const socket = new WebSocket(url.replace('http', 'ws'));
  onTestFinished(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

/** Which node is at the other end. Rejects where none is any more. */
async function nodeOf(socket: WebSocket): Promise<string> {
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(settleMs) });
  socket.send('who');
  const [data] = (await answered) as [Buffer];
  return data.toString();
}

/** Who answers six requests, each once. */
async function answering(balancer: LoadBalancer): Promise<readonly string[]> {
  const names = new Set<string>();
  for (let count = 0; count < 6; count++) names.add((await ask(balancer)).name);
  return [...names].sort();
}

/** Resolves when these and no others answer. */
async function answeringAre(balancer: LoadBalancer, names: readonly string[]): Promise<void> {
  await eventually(
    `${names.join(', ')} answer`,
    async () => (await answering(balancer)).join() === names.join() || undefined,
    settleMs,
  );
}

test('HAProxy takes its configuration as it stands in the repository', async () => {
  const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin`;
  const { stdout } = await promisify(execFile)('haproxy', ['-c', '-f', configFile], { env: { PATH } });
  expect(stdout).toContain('Configuration file is valid');
});

test('each node gets its share, and one that is not ready no new connection but keeps those that it has', async () => {
  const { backends, balancer } = await startAll();
  await answeringAre(balancer, nodeNames);

  // One WebSocket each, so that none has fewer than another.
  const sockets = await Promise.all(nodeNames.map(() => openSocket(balancer)));
  const names = await Promise.all(sockets.map(nodeOf));
  expect([...names].sort()).toEqual(nodeNames);
  const [backend] = backends;
  if (backend === undefined) throw new Error('there are three');
  backend.isReady = false;
  await answeringAre(balancer, ['node-2', 'node-3']);
  expect(await Promise.all(sockets.map(nodeOf))).toEqual(names);

  backend.isReady = true;
  await answeringAre(balancer, nodeNames);
});

test('a client can not say where it comes from, and its token is in no log', async () => {
  const { balancer } = await startAll();
  const { headers } = await ask(balancer, {
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'elsewhere.example',
    'x-forwarded-proto': 'https',
  });
  expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
  expect(headers).not.toHaveProperty('x-forwarded-host');
  await eventually(
    'the request is logged',
    () => Promise.resolve(balancer.log().includes('/anything') || undefined),
    settleMs,
  );
  expect(balancer.log()).not.toContain('secret');
});
