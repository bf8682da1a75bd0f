import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the server does with a request for its key set. */
type Answer = { readonly keys: readonly object[] } | 'error' | 'no-json' | 'silence';

export interface KeySetServer {
  readonly url: string;
  /** How often the key set was asked for. */
  readonly fetches: () => number;
  answer: Answer;
  /** Nobody listens at the URL any more. */
  stop(): Promise<void>;
  /** Listens there again. */
  startAgain(): Promise<void>;
}

/** A real HTTP server on loopback that publishes a JSON Web Key Set. Closed when the test ends. */
export async function startKeySetServer(first: Answer): Promise<KeySetServer> {
  let fetches = 0;
  const server: Server = createServer((_request, response) => {
    fetches += 1;
    const { answer } = keySet;
    if (answer === 'silence') return;
    if (answer === 'error') response.writeHead(500).end();
    else if (answer === 'no-json') response.writeHead(200).end('<html>');
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const listen = (at: number) => new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  await listen(0);
  onTestFinished(stop);
  const { port } = server.address() as AddressInfo;
  const keySet: KeySetServer = {
    url: `http://127.0.0.1:${port}/keys`,
    fetches: () => fetches,
    answer: first,
    stop,
    startAgain: () => listen(port),
  };
  return keySet;
}
