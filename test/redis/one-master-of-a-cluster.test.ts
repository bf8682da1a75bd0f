import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import { RawClient } from '../protocol/raw-client.ts';
import { startTestServer } from '../protocol/test-server.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';

const nodeIds = ['node-1', 'node-2'] as const;
const leaseMs = 1_500;

/** Nodes on a cluster, a room on a master that has the lease of neither, and a room on another. */
async function setUp() {
  const cluster = await RedisCluster.start({ server: { config: ['cluster-require-full-coverage no'] } });
  onTestFinished(() => cluster.stop());
  const masterOf = async (tag: string): Promise<RedisServer> =>
    cluster.masterOf(await cluster.slotOf(`{${tag}}`));
  const ofLeases = await Promise.all(nodeIds.map((nodeId) => masterOf(nodeId)));
  const roomWhere = async (isWanted: (master: RedisServer) => boolean) => {
    for (let number = 0; ; number++) {
      const roomId = `room-${number}`;
      const master = await masterOf(roomId);
      if (isWanted(master)) return { roomId, master };
    }
  };
  const { roomId, master } = await roomWhere((candidate) => !ofLeases.includes(candidate));
  const { roomId: elsewhere } = await roomWhere((candidate) => candidate !== master);
  const env = {
    REDIS_URL: cluster.urls.join(','),
    REDIS_CLUSTER: 'true',
    NODE_LEASE_MS: String(leaseMs),
  };
  const enter = async (nodeId: string, userId: string) => {
    const node = await startTestServer({ env: { ...env, NODE_ID: nodeId } });
    onTestFinished(() => node.close());
    const client = await RawClient.signIn(node.wsUrl, await node.token(userId));
    onTestFinished(() => client.close());
    const peerId = randomUUID();
    await client.join(roomId, peerId);
    await client.join(elsewhere, peerId);
    return { client, peerId };
  };
  return { master, roomId, elsewhere, ann: await enter('node-1', 'ann'), ben: await enter('node-2', 'ben') };
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

function signalsOf(client: RawClient): string[] {
  return client.events('relay').map(({ stream, body }) => {
    const kind = body.value.body?.kind;
    return `${stream}: ${kind?.case === 'signal' ? kind.value.type : ''}`;
  });
}

test('N4: while one master of a cluster is away for longer than a lease its rooms wait, the others go on, and nobody is seen leaving', async () => {
  const { master, roomId, elsewhere, ann, ben } = await setUp();
  const say = (room: string, type: string) => {
    const kind = { case: 'signal', value: { type, data: new Uint8Array() } } as const;
    return ann.client.request({ case: 'relay', value: { roomId: room, to: ben.peerId, body: { kind } } });
  };
  const awayAtMs = performance.now();
  master.pause();
  const inDoubt = say(roomId, 'in doubt');
  expect((await ann.client.control('serviceStatus')).body.value).toMatchObject({ available: false });
  const refused = say(roomId, 'refused');
  const said = [];
  while (performance.now() - awayAtMs < 2 * leaseMs) {
    said.push(`${elsewhere}: ${said.length}`);
    expect((await say(elsewhere, `${said.length - 1}`)).result.case).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(signalsOf(ben.client)).toEqual(said);
  expect((await refused).result).toMatchObject({
    case: 'error',
    value: { code: ErrorCode.UNAVAILABLE, retryable: true },
  });
  master.resume();
  expect((await inDoubt).result.case).toBeUndefined();
  await expect
    .poll(async () => (await say(roomId, 'again')).result.case, { timeout: 10_000 })
    .toBeUndefined();
  await expect
    .poll(() => signalsOf(ben.client).slice(said.length))
    .toEqual([`${roomId}: in doubt`, `${roomId}: again`]);
  for (const { client } of [ann, ben]) expect(client.events('peerLeft')).toEqual([]);
}, 60_000);
