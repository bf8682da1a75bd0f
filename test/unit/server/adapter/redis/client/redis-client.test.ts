import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { RedisClient } from '../../../../../../src/server/adapter/redis/client/redis-client.ts';
import { RedisScript } from '../../../../../../src/server/adapter/redis/client/redis-script.ts';
import { StreamLane } from '../../../../../../src/server/adapter/redis/stream/stream-lane.ts';
import { streamPlace } from '../../../../../../src/server/adapter/redis/stream/stream-place.ts';
import { ErrorCode } from '../../../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../../../contract/fake-clock.ts';
import { quietLog } from '../../../../quiet-log.ts';

const script = RedisScript.load(import.meta.url, '../../../../../redis/echo.lua');
const listener = { onMessage: () => undefined, onInterrupted: () => undefined };

/** A port at which nobody listens. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function setUp() {
  const clock = new FakeClock();
  const client = new RedisClient({
    place: { kind: 'cluster', nodes: [{ host: '127.0.0.1', port: await freePort() }] },
    access: { tls: false, database: 0 },
    clock,
    log: quietLog,
    deadlineMs: 500,
    callTimeoutMs: 2_000,
  });
  onTestFinished(() => client.close());
  return { client, clock };
}

test('who waits for something when the client is closed ends UNAVAILABLE, and no timer is left', async () => {
  const { client, clock } = await setUp();
  const lane = new StreamLane(streamPlace('room:daily'), {
    clock,
    timeoutMs: 2_000,
    doubtMs: 5_000,
    send: async ({ keys }) => (await client.attempt(script, keys, [])) as never,
    pause: () => client.pause(),
    onUnused: () => undefined,
  });
  const waiting = [
    client.run(script, ['key'], []),
    client.call('key', 'GET', 'key'),
    client.subscribe('channel', listener),
    lane.commit({ source: { id: 'ada', gen: 1, seq: 1 }, checks: [], changes: [] }),
  ].map((outcome) => outcome.catch((error: unknown) => error));
  const looked = client.look();
  // All of them have found nobody, and wait.
  await expect.poll(() => clock.pending).toBeGreaterThan(3);
  client.close();
  for (const outcome of await Promise.all(waiting))
    expect(outcome).toMatchObject({ code: ErrorCode.UNAVAILABLE });
  await looked;
  await expect.poll(() => clock.pending).toBe(0);
});

test('what is asked of a client that is closed ends UNAVAILABLE at once', async () => {
  const { client, clock } = await setUp();
  client.close();
  const outcomes = [
    client.run(script, ['key'], []),
    client.call('key', 'GET', 'key'),
    client.subscribe('channel', listener),
  ];
  for (const outcome of outcomes)
    await expect(outcome).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  await client.pause();
  await expect.poll(() => clock.pending).toBe(0);
});
