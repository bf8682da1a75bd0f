import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type ClientOptions, ParleyClient } from '../../../src/client/index.ts';
import { startTestServer, type TestServer } from '../../protocol/test-server.ts';

/** A real server, gone when the test ends. */
export async function startServer(env: Record<string, string> = {}): Promise<TestServer> {
  const server = await startTestServer({ env });
  onTestFinished(() => server.close());
  return server;
}

/** A client of it, signed in. */
export async function connect(
  server: TestServer,
  userId: string,
  options: Partial<ClientOptions> = {},
): Promise<ParleyClient> {
  const token = () => server.token(userId);
  const client = new ParleyClient({ url: server.wsUrl, token, WebSocket, ...options });
  onTestFinished(() => client.close());
  await client.connect();
  return client;
}

/** The same, with a function that cuts its connection, if it has one. */
export async function connectLossy(server: TestServer, userId: string, options: Partial<ClientOptions> = {}) {
  const sockets: WebSocket[] = [];
  class Recorded extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  const client = await connect(server, userId, { WebSocket: Recorded, ...options });
  return { client, lose: () => sockets.at(-1)?.terminate() };
}
