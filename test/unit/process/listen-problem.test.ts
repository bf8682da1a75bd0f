import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { listenProblem } from '../../../src/process/listen-problem.ts';

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer();
  onTestFinished(() => void server.close());
  await once(server.listen(port, host), 'listening');
  return server;
}

async function problemOf(port: number, host: string): Promise<string | undefined> {
  const failure: unknown = await listen(port, host).catch((error: unknown) => error);
  return listenProblem(failure, { port, host })?.message;
}

test('L3: a port in use and an address of another machine are said by the name of the setting', async () => {
  const { port } = (await listen(0, '127.0.0.1')).address() as AddressInfo;
  expect(await problemOf(port, '127.0.0.1')).toBe(
    `One setting is wrong:\n  PORT  port ${port} is in use; set PORT to a free one`,
  );
  // TEST-NET-1 of RFC 5737, which no machine has.
  expect(await problemOf(0, '192.0.2.1')).toBe(
    'One setting is wrong:\n  HOST  192.0.2.1 is no address of this machine; set HOST to one, or to 0.0.0.0 for all',
  );
});

test('a failure of another kind is not blamed on a setting', () => {
  expect(listenProblem(new Error('broken'), { port: 1, host: '::' })).toBeUndefined();
});
