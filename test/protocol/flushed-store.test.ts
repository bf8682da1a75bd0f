import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import type { Control } from '../../gen/parley/signal/v1/frame_pb.ts';
import type { ResumedRoom } from '../../gen/parley/signal/v1/session_pb.ts';
import { RawClient } from './raw-client.ts';
import { startNodesOnRedis, type TestServer } from './test-server.ts';

const leaseMs = 1_500;

async function setUp() {
  const { nodes, redis } = await startNodesOnRedis(3, {
    env: { RECONNECTION_WINDOW_MS: '1000', NODE_LEASE_MS: String(leaseMs) },
  });
  const signIn = async (node: TestServer, userId: string) => {
    const client = await RawClient.signIn(node.wsUrl, await node.token(userId));
    onTestFinished(() => client.close());
    return client;
  };
  const enter = async (userId: string, nth: number) => {
    const client = await signIn(nodes[nth] as TestServer, userId);
    const peerId = randomUUID();
    await client.join('daily', peerId);
    return { client, peerId };
  };
  return { nodes: nodes as readonly [TestServer, TestServer, TestServer], redis, signIn, enter };
}

const signal = (to: string, type: string) => {
  const kind = { case: 'signal', value: { type, data: new Uint8Array() } } as const;
  return { case: 'relay', value: { roomId: 'daily', to, body: { kind } } } as const;
};
const describe = (name: string) =>
  ({ case: 'updatePeer', value: { roomId: 'daily', attributes: { name } } }) as const;

function signalsOf(client: RawClient): string[] {
  return client.events('relay').map(({ body }) => {
    const kind = body.value.body?.kind;
    return kind?.case === 'signal' ? kind.value.type : '';
  });
}

/** What the client was told of how its room stands, after the welcome. */
function toldOf(client: RawClient): ResumedRoom['outcome'][] {
  return client.frames.flatMap(({ frame }) => {
    const body: Control['body'] | undefined = frame.case === 'control' ? frame.value.body : undefined;
    return body?.case === 'roomSettled' ? [body.value.outcome] : [];
  });
}

async function settledAgain(client: RawClient, times: number) {
  await expect
    .poll(() => toldOf(client).filter((outcome) => outcome.case === 'snapshot').length, { timeout: 10_000 })
    .toBe(times);
  const last = toldOf(client).at(-1);
  if (last?.case !== 'snapshot') throw new Error('the last that it was told is no snapshot');
  return last.value;
}

test('N4: after a flush the clients of three nodes stay connected, are told of the room as it is, and nobody is seen leaving', async () => {
  const { redis, enter } = await setUp();
  const members = [await enter('ann', 0), await enter('ben', 1), await enter('cyd', 2)] as const;
  const [ann, ben, cyd] = members;
  await ann.client.request({ case: 'updateRoom', value: { roomId: 'daily', metadata: { topic: 'ships' } } });
  await ben.client.request(describe('Ben'));
  await ann.client.request(signal(ben.peerId, 'before'));
  await expect.poll(() => signalsOf(ben.client)).toEqual(['before']);
  for (const times of [1, 2]) {
    await redis.call('FLUSHALL');
    const refused = await ann.client.request(signal(ben.peerId, 'lost'));
    expect(refused.result).toMatchObject({
      case: 'error',
      value: { code: ErrorCode.UNAVAILABLE, retryable: true },
    });
    for (const { client, peerId } of members) {
      const snapshot = await settledAgain(client, times);
      expect(snapshot.ownPeerId).toBe(peerId);
      expect(snapshot.peers.map((peer) => peer.peerId).sort()).toEqual(
        members.map((one) => one.peerId).sort(),
      );
      const attributesOfBen = snapshot.peers.find((peer) => peer.peerId === ben.peerId)?.attributes;
      expect(attributesOfBen).toEqual({ name: 'Ben' });
      expect(snapshot.metadata).toEqual({ topic: 'ships' });
    }
    await ann.client.request(signal(ben.peerId, `after ${times}`));
    await cyd.client.request(signal(ben.peerId, `and from another ${times}`));
    await expect
      .poll(() => signalsOf(ben.client).slice(-2).sort())
      .toEqual([`after ${times}`, `and from another ${times}`].sort());
  }
  expect(signalsOf(ben.client)).not.toContain('lost');
  for (const { client } of members) {
    await client.settle();
    expect(client.events('peerLeft')).toEqual([]);
    expect(toldOf(client).map((outcome) => outcome.case)).toEqual([
      'settling',
      'snapshot',
      'settling',
      'snapshot',
    ]);
  }
  expect(await redis.call('ZRANGE', 'rooms', 0, -1)).toEqual(['daily']);
}, 60_000);

test('N4, S5: after a flush sessions can be resumed, signed out of and lost as before', async () => {
  const { nodes, redis, enter } = await setUp();
  const [ann, ben, cyd] = [await enter('ann', 0), await enter('ben', 1), await enter('cyd', 2)] as const;
  await redis.call('FLUSHALL');
  for (const { client } of [ann, ben, cyd]) await settledAgain(client, 1);
  const { userId, sessionId, sessionSecret } = ben.client.welcome;
  const value = {
    token: await nodes[0].token(userId),
    resume: { sessionId, sessionSecret, attempt: 1, positions: [] },
  };
  const back = await RawClient.open(nodes[0].wsUrl, { hello: { case: 'hello', value } });
  onTestFinished(() => back.close());
  expect(await back.welcomed()).toMatchObject({ resumed: true, rooms: [{ outcome: { case: 'snapshot' } }] });
  expect((await ben.client.closed).code).toBe(4300);
  cyd.client.close();
  await ann.client.event('peerLeft');
  await back.request({ case: 'signOut', value: {} });
  await ann.client.event('peerLeft', 1);
  expect(ann.client.events('peerLeft').map(({ body }) => body.value.peerId)).toEqual([
    cyd.peerId,
    ben.peerId,
  ]);
}, 30_000);

test('N4: who was away when all was lost begins anew, and is no ghost', async () => {
  const { nodes, redis, enter } = await setUp();
  const [ann, ben] = [await enter('ann', 0), await enter('ben', 1)];
  ben.client.close();
  await expect.poll(() => redis.call('ZCARD', 'disconnecting:{ben}')).toBe(1);
  await redis.call('FLUSHALL');
  const { userId, sessionId, sessionSecret } = ben.client.welcome;
  const value = {
    token: await nodes[2].token(userId),
    resume: { sessionId, sessionSecret, attempt: 1, positions: [] },
  };
  const back = await RawClient.open(nodes[2].wsUrl, { hello: { case: 'hello', value } });
  onTestFinished(() => back.close());
  expect(await back.welcomed()).toMatchObject({ resumed: false });
  const snapshot = await settledAgain(ann.client, 1);
  expect(snapshot.peers.map(({ peerId }) => peerId)).toEqual([ann.peerId]);
}, 30_000);

test('N4: a session whose record alone was lost ends with its connection, and is out of its room', async () => {
  const { redis, enter } = await setUp();
  const [ann, ben] = [await enter('ann', 0), await enter('ben', 1)];
  await redis.call('DEL', 'user:{ben}:sessions');
  ben.client.close();
  const left = await ann.client.event('peerLeft');
  expect(left.body.value.peerId).toBe(ben.peerId);
}, 30_000);
