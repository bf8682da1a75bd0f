import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type ClientEvents, type ClientOptions, ParleyClient } from '../../../src/client/index.ts';
import { type ScriptedConnection, ScriptedServer } from './scripted-server.ts';

/** A server and a client for it, both gone when the test ends. */
export async function startPair(options: Partial<ClientOptions> = {}) {
  const server = await ScriptedServer.listen();
  const client = new ParleyClient({ url: server.url, token: 'token-1', WebSocket, ...options });
  onTestFinished(async () => {
    await server.close();
    await client.close();
  });
  return { server, client };
}

/** The same, signed in. */
export async function startSignedIn(options: Partial<ClientOptions> = {}) {
  const { server, client } = await startPair(options);
  const [connection] = await Promise.all([server.signedIn(), client.connect()]);
  return { server, client, connection };
}

/** The next event of a name. */
export async function nextEvent<Name extends keyof ClientEvents>(
  client: ParleyClient,
  event: Name,
): Promise<ClientEvents[Name]> {
  return await new Promise((resolve) => {
    const stop = client.on(event, (payload) => {
      stop();
      resolve(payload);
    });
  });
}

/** What becomes of the frames that were sent before: resolves when the server has taken all of them. */
export async function answered(connection: ScriptedConnection, request: Promise<unknown>): Promise<void> {
  const { id } = await connection.next();
  connection.acknowledge(id);
  await request;
}
