import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer } from './test-server.ts';

/** A Directory that answers when it is told to. */
async function startHeldDirectory() {
  const asked: ServerResponse[] = [];
  const directory = createServer((_request, response) => void asked.push(response)).listen(0, '127.0.0.1');
  await once(directory, 'listening');
  onTestFinished(() => {
    directory.closeAllConnections();
    directory.close();
  });
  return { asked, url: `http://127.0.0.1:${(directory.address() as AddressInfo).port}` };
}

test('X1: a handler that overruns its deadline answers INTERNAL with a correlation id, is logged, and the session goes on', async () => {
  const directory = await startHeldDirectory();
  const server = await startTestServer({
    env: { DIRECTORY_HTTP_URL: directory.url, DIRECTORY_TIMEOUT_MS: '700', REQUEST_TIMEOUT_MS: '800' },
  });
  onTestFinished(() => server.close());
  const client = await RawClient.signIn(server.wsUrl, await server.token('alice'));
  onTestFinished(() => client.close());
  const peerId = randomUUID();
  const join = { case: 'joinRoom', value: { roomId: 'slow', peerId } } as const;
  const [first, second] = [client.takeId(), client.takeId()];
  const sentAtMs = performance.now();
  client.send({ id: first, body: join });
  client.send({ id: second, body: join });

  // The first ends with the Directory's deadline; the second waits for it, then for the Directory, and overruns its own.
  expect((await client.reply(first)).result.value).toMatchObject({ code: ErrorCode.DIRECTORY_UNAVAILABLE });
  const { result } = await client.reply(second);
  expect(performance.now() - sentAtMs).toBeGreaterThanOrEqual(795);
  if (result.case !== 'error') throw new Error(`no error: ${String(result.case)}`);
  expect(result.value).toMatchObject({ code: ErrorCode.INTERNAL, retryable: false });
  expect(result.value.correlationId).not.toBe('');
  expect(server.logLines.filter(({ event }) => event === 'request.overran')).toEqual([
    expect.objectContaining({ kind: 'joinRoom', correlationId: result.value.correlationId, timeoutMs: 800 }),
  ]);

  // Its result comes late: it is no second answer, and the session is where the log says it is.
  directory.asked[1]?.end(JSON.stringify({ id: 'slow' }));
  const room = await client.request({ case: 'getRoom', value: { roomId: 'slow' } });
  expect(room.result.case === 'room' && room.result.value.peers.map((peer) => peer.peerId)).toEqual([peerId]);
  const replies = client.frames.flatMap(({ frame }) => (frame.case === 'reply' ? [frame.value.replyTo] : []));
  expect(replies).toEqual([first, second, second + 1]);
  await client.request({ case: 'updatePeer', value: { roomId: 'slow', attributes: { a: 'b' } } });
  await client.event('peerUpdated');
});
