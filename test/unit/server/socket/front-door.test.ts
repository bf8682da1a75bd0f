import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer, get as getSecurely } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { letInAtPace } from '../../../../src/server/socket/front-door.ts';
import { NewcomerPace } from '../../../../src/server/socket/newcomer-pace.ts';
import { systemClock } from '../../../../src/shared/clock.ts';
import { first as tls } from '../../../protocol/certificates.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** A server with a door that lets the first in and then nobody, until it is opened. */
async function guarded(server: Server) {
  servers.push(server);
  let open = () => {};
  const afterTurn = (callback: () => void) => {
    open = callback;
  };
  const pace = new NewcomerPace({
    clock: systemClock,
    restTimes: { least: 0, first: 0, most: 0 },
    afterTurn,
  });
  letInAtPace(server, pace);
  const raw: Socket[] = [];
  server.prependListener('connection', (socket: Socket) => raw.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  pace.enter(() => {});
  return { pace, raw, port: (server.address() as AddressInfo).port, open: () => open() };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}

test.for(['http', 'https'] as const)(
  'X4: nothing of a connection is read before its turn, and then it is served: %s',
  async (scheme) => {
    const answer = (_request: unknown, response: { end(text: string): void }) => response.end('here');
    const server = scheme === 'http' ? createServer(answer) : createSecureServer(tls, answer);
    const { pace, raw, port, open } = await guarded(server);
    const path = { port, host: '127.0.0.1', path: '/', rejectUnauthorized: false };
    const asked = once(scheme === 'http' ? get(path) : getSecurely(path), 'response');
    await until(() => pace.waiting === 1);
    await delay(50);
    expect(raw.map(({ bytesRead }) => bytesRead)).toEqual([0]);
    open();
    const [response] = (await asked) as [IncomingMessage];
    expect(response.statusCode).toBe(200);
    expect(pace.waiting).toBe(0);
  },
);

test('X4: a connection that breaks while it waits is not let in', async () => {
  const server = createServer();
  const letIn: Socket[] = [];
  server.on('connection', (socket: Socket) => letIn.push(socket));
  const { pace, raw, port, open } = await guarded(server);
  const [one, other] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  await until(() => pace.waiting === 2);
  raw[0]?.destroy(new Error('it broke'));
  await until(() => pace.waiting === 1);
  open();
  await until(() => letIn.length > 0);
  expect(letIn).toEqual([raw[1]]);
  one.destroy();
  other.destroy();
});
