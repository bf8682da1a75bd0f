import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { startNodeProcesses } from './test-server.ts';

const [leaseMs, windowMs] = [1_500, 2_500];
/** Within this a node that has started has ended the sessions that are due. */
const reapedByMs = 500;
/** As the host changed it. */
const metadata = { topic: 'ships' };

type Nodes = Awaited<ReturnType<typeof startNodeProcesses>>['nodes'];

async function setUp() {
  const { nodes, redis } = await startNodeProcesses(2, {
    rooms: ['daily'],
    env: {
      NODE_LEASE_MS: String(leaseMs),
      RECONNECTION_WINDOW_MS: String(windowMs),
      DRAIN_TIMEOUT_MS: '100',
    },
  });
  const token = (userId: string) =>
    nodes.token(userId, { rooms: { daily: { host: true, relay: true, publish: true, subscribe: true } } });
  const enter = async (nth: number, userId: string) => {
    const client = await RawClient.signIn(nodes.running[nth]?.server.wsUrl ?? '', await token(userId));
    onTestFinished(() => client.close());
    const peerId = randomUUID();
    const { room } = await client.join('daily', peerId);
    return { client, peerId, epoch: room?.head?.epoch ?? 0 };
  };
  /** On the only node that runs, from a position on. */
  const resume = async ({ welcome }: RawClient, position: { epoch: number; offset: number }) => {
    const { userId, sessionId, sessionSecret } = welcome;
    const positions = [{ stream: 'daily', ...position }];
    const value = {
      token: await token(userId),
      resume: { sessionId, sessionSecret, attempt: 1, positions },
    };
    const hello = { case: 'hello', value } as const;
    const client = await RawClient.open(nodes.running[0]?.server.wsUrl ?? '', { hello });
    onTestFinished(() => client.close());
    await client.welcomed();
    // Ids go on where the session's last connection was.
    for (let count = 0; count < 100; count++) client.takeId();
    return client;
  };
  return { nodes, redis, enter, resume };
}

const signal = (to: string, type: string) => {
  const kind = { case: 'signal', value: { type, data: new Uint8Array() } } as const;
  return { case: 'relay', value: { roomId: 'daily', to, body: { kind } } } as const;
};

function signalsOf(client: RawClient): string[] {
  return client.events('relay').map(({ body }) => {
    const kind = body.value.body?.kind;
    return kind?.case === 'signal' ? kind.value.type : '';
  });
}

async function roomOf(client: RawClient) {
  const { result } = await client.request({ case: 'getRoom', value: { roomId: 'daily' } });
  if (result.case !== 'room') throw new Error('no room');
  const peers = result.value.peers.map(({ peerId, attributes }) => ({ peerId, attributes }));
  return { metadata: result.value.metadata, peers };
}

const ends = {
  killed: (nodes: Nodes) => nodes.running.map((node) => nodes.kill(node)),
  stopped: (nodes: Nodes) => nodes.running.map((node) => nodes.drain(node)),
};

test.each(['killed', 'stopped'] as const)(
  'R5: who resumes after all nodes were %s, for longer than a lease and a window, finds the room as it was',
  { timeout: 60_000 },
  async (how) => {
    const { nodes, redis, enter, resume } = await setUp();
    const [ann, ben] = [await enter(0, 'ann'), await enter(1, 'ben')];
    await ann.client.request({ case: 'updateRoom', value: { roomId: 'daily', metadata } });
    await ben.client.request({ case: 'updatePeer', value: { roomId: 'daily', attributes: { name: 'Ben' } } });
    const { epoch } = ann;
    const { offset } = await ann.client.event('peerUpdated');
    await ben.client.event('peerUpdated');
    const before = await roomOf(ann.client);
    expect(before).toEqual({
      metadata,
      peers: [
        { peerId: ann.peerId, attributes: {} },
        { peerId: ben.peerId, attributes: { name: 'Ben' } },
      ],
    });
    // Ben's client has not read it yet.
    await ann.client.request(signal(ben.peerId, 'the last'));

    await Promise.all(ends[how](nodes));
    await Promise.all([ann.client.closed, ben.client.closed]);
    await delay(leaseMs + windowMs + 500);
    await nodes.add('node-1');
    // Whoever's window had run meanwhile would be out of the room by then.
    await delay(reapedByMs);
    const back = {
      ann: await resume(ann.client, { epoch, offset }),
      ben: await resume(ben.client, { epoch, offset }),
    };
    for (const { welcome } of Object.values(back)) {
      expect(welcome).toMatchObject({
        resumed: true,
        rooms: [{ roomId: 'daily', outcome: { case: 'recovered' } }],
      });
    }
    await back.ben.request(signal(ann.peerId, 'and on'));
    await expect.poll(() => signalsOf(back.ann)).toEqual(['and on']);
    await expect.poll(() => signalsOf(back.ben)).toEqual(['the last']);
    // What the other node left has been taken over by then.
    await expect.poll(() => redis.call('SMEMBERS', 'nodes'), { timeout: 10_000 }).toEqual(['node-1']);
    for (const client of Object.values(back)) {
      expect(await roomOf(client)).toEqual(before);
      expect(client.events('peerLeft')).toEqual([]);
      expect(client.events('peerJoined')).toEqual([]);
    }
  },
);
