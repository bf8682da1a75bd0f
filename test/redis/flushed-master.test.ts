import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { RawClient } from '../protocol/raw-client.ts';
import { startTestServer } from '../protocol/test-server.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';

const nodeIds = ['node-1', 'node-2'] as const;

/** Nodes on a cluster, and a room on a master that has the lease of neither. */
async function setUp() {
  const cluster = await RedisCluster.start();
  onTestFinished(() => cluster.stop());
  const masterOf = async (tag: string): Promise<RedisServer> =>
    cluster.masterOf(await cluster.slotOf(`{${tag}}`));
  const ofLeases = await Promise.all(nodeIds.map((nodeId) => masterOf(nodeId)));
  let roomId = '';
  let master: RedisServer | undefined;
  for (let number = 0; master === undefined || ofLeases.includes(master); number++) {
    roomId = `room-${number}`;
    master = await masterOf(roomId);
  }
  const env = { REDIS_URL: cluster.urls.join(','), REDIS_CLUSTER: 'true', NODE_LEASE_MS: '1500' };
  const enter = async (nodeId: string, userId: string) => {
    const node = await startTestServer({ env: { ...env, NODE_ID: nodeId } });
    onTestFinished(() => node.close());
    const client = await RawClient.signIn(node.wsUrl, await node.token(userId));
    onTestFinished(() => client.close());
    const peerId = randomUUID();
    await client.join(roomId, peerId);
    return { client, peerId };
  };
  return { master, ann: await enter('node-1', 'ann'), ben: await enter('node-2', 'ben') };
}

/** The room as the client was told that it has settled. */
async function settled(client: RawClient) {
  const snapshot = () => {
    for (const { frame } of client.frames) {
      const body = frame.case === 'control' ? frame.value.body : undefined;
      if (body?.case === 'roomSettled' && body.value.outcome.case === 'snapshot')
        return body.value.outcome.value;
    }
    return undefined;
  };
  await expect.poll(snapshot, { timeout: 15_000 }).toBeDefined();
  return snapshot();
}

test('N4: a quiet room of a cluster whose one master was flushed is put back, though no lease tells of it', async () => {
  const { master, ann, ben } = await setUp();
  await master.call('FLUSHALL');
  for (const { client } of [ann, ben]) {
    const snapshot = await settled(client);
    expect(snapshot?.peers.map(({ peerId }) => peerId).sort()).toEqual([ann.peerId, ben.peerId].sort());
    expect(client.events('peerLeft')).toEqual([]);
  }
  const again = { case: 'updatePeer', value: { roomId: '', attributes: { name: 'Ann' } } } as const;
  const roomId = (await settled(ann.client))?.roomId ?? '';
  await ann.client.request({ ...again, value: { ...again.value, roomId } });
  expect((await ben.client.event('peerUpdated')).body.value.attributes).toEqual({ name: 'Ann' });
}, 60_000);
