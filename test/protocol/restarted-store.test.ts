import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import type { RoomSnapshot, StreamHead } from '../../gen/parley/signal/v1/room_pb.ts';
import type { StreamPosition } from '../../gen/parley/signal/v1/session_pb.ts';
import { RawClient } from './raw-client.ts';
import { startNodesOnRedis, type TestServer } from './test-server.ts';

const leaseMs = 1_500;

/** Ann and Ben in a room, each alone on a node, of a Redis that forgets nothing; where the room then is. */
async function setUp() {
  const { nodes, redis } = await startNodesOnRedis(
    2,
    { env: { RECONNECTION_WINDOW_MS: '3000', NODE_LEASE_MS: String(leaseMs) } },
    { appendFsync: 'always' },
  );
  const [here, there] = nodes as readonly [TestServer, TestServer];
  const enter = async (node: TestServer, userId: string) => {
    const client = await RawClient.signIn(node.wsUrl, await node.token(userId));
    onTestFinished(() => client.close());
    await client.join('daily', randomUUID());
    return client;
  };
  const [ann, ben] = [await enter(here, 'ann'), await enter(there, 'ben')];
  await ann.event('peerJoined');
  const { head } = await roomOf(ben);
  return { here, there, redis, ann, ben, before: head };
}

/** The room as it is answered; asked for again while the store is away. */
async function roomOf(client: RawClient): Promise<RoomSnapshot & { readonly head: StreamHead }> {
  for (;;) {
    const { result } = await client.request({ case: 'getRoom', value: { roomId: 'daily' } });
    if (result.case === 'room' && result.value.head !== undefined)
      return { ...result.value, head: result.value.head };
    expect(result).toMatchObject({ case: 'error', value: { code: ErrorCode.UNAVAILABLE } });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Up to where the client is told that it was served. */
async function deliveredTo(client: RawClient): Promise<StreamPosition | undefined> {
  const { result } = await client.request({ case: 'heartbeat', value: {} });
  return result.case === 'heartbeat' ? result.value.delivered[0] : undefined;
}

async function resume(node: TestServer, of: RawClient, position: StreamPosition): Promise<RawClient> {
  const { userId, sessionId, sessionSecret } = of.welcome;
  const value = {
    token: await node.token(userId),
    resume: { sessionId, sessionSecret, attempt: 1, positions: [position] },
  };
  const client = await RawClient.open(node.wsUrl, { hello: { case: 'hello', value } });
  onTestFinished(() => client.close());
  await client.welcomed();
  return client;
}

test('N4, S6: after a clean restart of Redis who asks for the room gets it, though nobody has said anything since', async () => {
  const { redis, ann, ben, before } = await setUp();
  for (let times = 0; times < 2; times++) {
    await redis.kill();
    await redis.restart();
    for (const client of [ann, ben]) {
      const { head, peers } = await roomOf(client);
      expect(head.offset).toBe(before.offset);
      expect(head.epoch).not.toBe(before.epoch);
      expect(peers).toHaveLength(2);
    }
  }
  // What is said now comes to both, as the next after what they have.
  await ann.request({ case: 'updateRoom', value: { roomId: 'daily', metadata: { topic: 'ships' } } });
  for (const client of [ann, ben]) {
    expect(await client.event('roomUpdated')).toMatchObject({
      offset: before.offset + 1,
      previousToAll: before.lastToAll,
    });
  }
}, 30_000);

test('S6: who is quiet over a clean restart of Redis is told of its new place, and resumes there when the former epoch is forgotten', async () => {
  const { here, redis, ann, ben, before } = await setUp();
  await redis.kill();
  await redis.restart();
  await expect.poll(async () => (await deliveredTo(ben))?.epoch, { timeout: 10_000 }).not.toBe(before.epoch);
  const position = await deliveredTo(ben);
  expect(position?.offset).toBe(before.offset);
  if (position === undefined) return;
  // As when the log has dropped what was said before the restart and just after it.
  await redis.call('HSET', 'room:{daily}:state', 'forks', '');
  await new Promise((resolve) => setTimeout(resolve, 2 * leaseMs));
  ben.close();
  const back = await resume(here, ben, position);
  expect(back.welcome).toMatchObject({ resumed: true, rooms: [{ outcome: { case: 'recovered' } }] });
  await ann.request({ case: 'updateRoom', value: { roomId: 'daily', metadata: { topic: 'ships' } } });
  expect((await back.event('roomUpdated')).previousToAll).toBe(before.lastToAll);
}, 30_000);
