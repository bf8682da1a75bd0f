import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import type { HelloSchema } from '../../gen/parley/signal/v1/session_pb.ts';
import { RawClient } from './raw-client.ts';
import { startNodesOnRedis, type TestServer } from './test-server.ts';

type Resume = NonNullable<MessageInitShape<typeof HelloSchema>['resume']>;

async function setUp(env: Readonly<Record<string, string>> = {}) {
  const { nodes, redis } = await startNodesOnRedis(2, { env: { RECONNECTION_WINDOW_MS: '3000', ...env } });
  const [here, there] = nodes as readonly [TestServer, TestServer];
  const signIn = async (node: TestServer, userId: string) => {
    const client = await RawClient.signIn(node.wsUrl, await node.token(userId));
    onTestFinished(() => client.close());
    return client;
  };
  const resume = async (node: TestServer, of: RawClient, positions: Resume['positions'] = []) => {
    const { userId, sessionId, sessionSecret } = of.welcome;
    const value = {
      token: await node.token(userId),
      resume: { sessionId, sessionSecret, attempt: 1, positions },
    };
    const client = await RawClient.open(node.wsUrl, { hello: { case: 'hello', value } });
    onTestFinished(() => client.close());
    await client.welcomed();
    // Ids go on where the session's last connection was.
    for (let count = 0; count < 100; count++) client.takeId();
    return client;
  };
  return { here, there, redis, signIn, resume };
}

const signal = (roomId: string, to: string, type: string) => {
  const kind = { case: 'signal', value: { type, data: new Uint8Array() } } as const;
  return { case: 'relay', value: { roomId, to, body: { kind } } } as const;
};

function signalsOf(client: RawClient): string[] {
  return client.events('relay').map(({ body }) => {
    const kind = body.value.body?.kind;
    return kind?.case === 'signal' ? kind.value.type : '';
  });
}

/** A plain Directory that knows every room; its URL. */
async function plainDirectory(): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    const roomId = decodeURIComponent(url.slice(url.lastIndexOf('/') + 1));
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ id: roomId }));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('N1: peers on two nodes are in one room, hear each other in order, and hear of each leave once', async () => {
  const { here, there, signIn } = await setUp();
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  await ann.join('daily', a);
  const joined = await ben.join('daily', b);
  expect(joined.room?.peers.map(({ peerId }) => peerId)).toEqual([a, b]);
  expect((await ann.event('peerJoined')).body.value.peer?.peerId).toBe(b);
  const types = Array.from({ length: 60 }, (_, index) => `${index}`);
  await Promise.all(types.map((type) => ann.request(signal('daily', b, type))));
  await expect.poll(() => signalsOf(ben)).toEqual(types);
  expect(signalsOf(ann)).toEqual([]);
  await ben.request({ case: 'leaveRoom', value: { roomId: 'daily' } });
  await ann.event('peerLeft');
  await ann.settle();
  expect(ann.events('peerLeft').map(({ body }) => body.value.peerId)).toEqual([b]);
});

test('S6: a session resumes on another node: what it missed follows once and in order, and nobody saw it leave', async () => {
  const { here, there, signIn, resume } = await setUp();
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(here, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  const { room } = await ann.join('daily', a);
  await ben.join('daily', b);
  const { epoch = 0 } = room?.head ?? {};
  const { offset } = await ann.event('peerJoined');
  await ben.request(signal('daily', a, 'before'));
  await ann.event('relay');
  ann.close();
  await ben.request(signal('daily', a, 'while away'));
  const back = await resume(there, ann, [{ stream: 'daily', epoch, offset: offset + 1 }]);
  expect(back.welcome).toMatchObject({
    resumed: true,
    rooms: [{ roomId: 'daily', outcome: { case: 'recovered' } }],
  });
  await ben.request(signal('daily', a, 'after'));
  await expect.poll(() => signalsOf(back)).toEqual(['while away', 'after']);
  await back.request(signal('daily', b, 'back'));
  await expect.poll(() => signalsOf(ben)).toEqual(['back']);
  expect(ben.events('peerLeft')).toEqual([]);
});

test('P2, S6: what was said to others while a session was away does not follow with what it missed', async () => {
  const { here, there, signIn, resume } = await setUp();
  const [ann, ben, cat] = [await signIn(here, 'ann'), await signIn(there, 'ben'), await signIn(here, 'cat')];
  const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
  await ann.join('daily', a);
  await ben.join('daily', b);
  const { room } = await cat.join('daily', c);
  const { epoch = 0, offset = 0 } = room?.head ?? {};
  cat.close();
  await ann.request(signal('daily', b, 'for ben'));
  await ann.request(signal('daily', c, 'for cat'));
  await ben.request(signal('daily', a, 'for ann'));
  const back = await resume(there, cat, [{ stream: 'daily', epoch, offset }]);
  expect(back.welcome.rooms[0]?.outcome.case).toBe('recovered');
  await ann.request(signal('daily', c, 'after'));
  await expect.poll(() => signalsOf(back)).toEqual(['for cat', 'after']);
});

test('S6: who comes back just after Redis changed its history waits until it is known what was lost, and others go on', async () => {
  const { here, there, redis, signIn, resume } = await setUp({ NODE_LEASE_MS: '1500' });
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  const { room } = await ann.join('daily', a);
  await ben.join('daily', b);
  const { epoch = 0 } = room?.head ?? {};
  const { offset } = await ann.event('peerJoined');
  ann.close();
  await redis.call('HSET', 'room:{daily}:state', 'lineage', '0'.repeat(40));
  const since = performance.now();
  const back = await resume(there, ann, [{ stream: 'daily', epoch, offset }]);
  expect(back.welcome.rooms).toMatchObject([{ outcome: { case: 'settling' } }]);
  await ben.request(signal('daily', a, 'while it settles'));
  expect((await back.control('roomSettled')).body.value.outcome).toMatchObject({ case: 'recovered' });
  expect(performance.now() - since).toBeGreaterThan(1_400);
  await expect.poll(() => signalsOf(back)).toEqual(['while it settles']);
  expect(ben.events('peerLeft')).toEqual([]);
});

test('S6: who has learned of the new history and comes back just after it began waits too, as what it sends again is older', async () => {
  const { here, there, redis, signIn, resume } = await setUp({ NODE_LEASE_MS: '1500' });
  const ann = await signIn(here, 'ann');
  const { room } = await ann.join('daily', randomUUID());
  await redis.call('HSET', 'room:{daily}:state', 'lineage', '0'.repeat(40));
  const since = performance.now();
  const { result } = await ann.request({ case: 'getRoom', value: { roomId: 'daily' } });
  if (result.case !== 'room') throw new Error(`no room: ${JSON.stringify(result.value)}`);
  const { epoch = 0, offset = 0 } = result.value.head ?? {};
  expect(epoch).not.toBe(room?.head?.epoch);
  ann.close();
  const back = await resume(there, ann, [{ stream: 'daily', epoch, offset }]);
  expect(back.welcome.rooms).toMatchObject([{ outcome: { case: 'settling' } }]);
  expect((await back.control('roomSettled')).body.value.outcome).toMatchObject({ case: 'recovered' });
  expect(performance.now() - since).toBeGreaterThan(1_400);
});

test('S5, S6: what is sent again into a room that has lost where its client was has no effect, and may have had one', async () => {
  const { here, there, signIn, resume } = await setUp({ NODE_LEASE_MS: '1500' });
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  const { room } = await ann.join('daily', a);
  await ben.join('daily', b);
  const { epoch = 0 } = room?.head ?? {};
  ann.close();
  const back = await resume(there, ann, [{ stream: 'daily', epoch: epoch === 1 ? 2 : epoch - 1, offset: 1 }]);
  expect(back.welcome.rooms).toMatchObject([{ outcome: { case: 'settling' } }]);
  const again = [1, 2].map((count) => back.request(signal('daily', b, `again ${count}`)));
  for (const { result } of await Promise.all(again)) {
    expect(result).toMatchObject({ case: 'error', value: { code: ErrorCode.OUTCOME_UNKNOWN } });
  }
  expect((await back.control('roomSettled')).body.value.outcome.case).toBe('snapshot');
  await back.request(signal('daily', b, 'after'));
  await expect.poll(() => signalsOf(ben)).toEqual(['after']);
});

test('S3: a session that is taken over by a connection on another node is told so on the first', async () => {
  const { here, there, signIn, resume } = await setUp();
  const ann = await signIn(here, 'ann');
  const back = await resume(there, ann);
  expect(back.welcome.resumed).toBe(true);
  expect((await ann.closed).code).toBe(4300);
});

test('R2: of two joins for the last seat on two nodes one gets it', async () => {
  const { nodes } = await startNodesOnRedis(2, {
    directory: {
      room: (roomId) => create(RoomRecordSchema, { roomId, policy: { createOnJoin: true, capacity: 2 } }),
      authorizeJoin: () => ({ allowed: true }),
      user: () => undefined,
      contacts: () => [],
    },
  });
  const [here, there] = nodes as readonly [TestServer, TestServer];
  for (let round = 0; round < 10; round++) {
    const roomId = `small-${round}`;
    const clients = await Promise.all(
      [here, here, there].map(async (node, index) =>
        RawClient.signIn(node.wsUrl, await node.token(`user-${index}`)),
      ),
    );
    const [first, second, third] = clients as [RawClient, RawClient, RawClient];
    await first.join(roomId, randomUUID());
    const join = (client: RawClient) =>
      client.request({ case: 'joinRoom', value: { roomId, peerId: randomUUID() } });
    const results = await Promise.all([join(second), join(third)]);
    const errors = results.flatMap(({ result }) => (result.case === 'error' ? [result.value.code] : []));
    expect(errors).toEqual([ErrorCode.ROOM_FULL]);
    for (const client of clients) client.close();
  }
});

test('N4: while Redis is away clients stay connected and are told, what they ask ends UNAVAILABLE, and then everything goes on', async () => {
  const { here, there, redis, signIn } = await setUp();
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  await ann.join('daily', a);
  await ben.join('daily', b);
  redis.pause();
  const inDoubt = ann.request(signal('daily', b, 'in doubt'));
  expect((await ann.control('serviceStatus')).body.value).toMatchObject({
    service: 'store',
    available: false,
  });
  expect((await ann.request(signal('daily', b, 'not sent'))).result).toMatchObject({
    case: 'error',
    value: { code: ErrorCode.UNAVAILABLE, retryable: true },
  });
  await ann.settle();
  expect((await fetch(`${here.url}/livez`)).status).toBe(200);
  expect(await (await fetch(`${here.url}/readyz`)).json()).toEqual({ status: 'unready', reasons: ['store'] });
  redis.resume();
  await expect.poll(async () => (await fetch(`${here.url}/readyz`)).status).toBe(200);
  expect((await inDoubt).result.case).toBeUndefined();
  await ann.request(signal('daily', b, 'again'));
  await expect.poll(() => signalsOf(ben)).toEqual(['in doubt', 'again']);
  expect(ben.events('peerLeft')).toEqual([]);
}, 30_000);

for (const [word, setting, refusing, usual] of [
  ['NOREPLICAS', 'min-replicas-to-write', '1', '0'],
  ['OOM', 'maxmemory', '1', '0'],
] as const) {
  test(`N4: while Redis is there and refuses writes (${word}) no node is ready, clients stay connected and are told, and then everything goes on`, async () => {
    const { here, there, redis, signIn } = await setUp({ REDIS_TIMEOUT_MS: '500' });
    const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
    const b = randomUUID();
    await ann.join('daily', randomUUID());
    await ben.join('daily', b);
    await redis.call('CONFIG', 'SET', setting, refusing);
    const told = () =>
      ann.frames.flatMap(({ frame }) => {
        const body = frame.case === 'control' ? frame.value.body : undefined;
        return body?.case === 'serviceStatus' ? [`${body.value.service} ${body.value.available}`] : [];
      });
    await expect.poll(told, { timeout: 8_000 }).toEqual(['store false']);
    const readiness = await fetch(`${here.url}/readyz`);
    expect([readiness.status, await readiness.json()]).toEqual([
      503,
      { status: 'unready', reasons: ['store'] },
    ]);
    expect((await fetch(`${here.url}/livez`)).status).toBe(200);
    expect((await ann.request(signal('daily', b, 'refused'))).result).toMatchObject({
      case: 'error',
      value: {
        code: ErrorCode.UNAVAILABLE,
        message: 'the store takes no writes for now: the request had no effect',
        retryable: true,
      },
    });
    await redis.call('CONFIG', 'SET', setting, usual);
    await expect.poll(told, { timeout: 5_000 }).toEqual(['store false', 'store true']);
    expect((await fetch(`${here.url}/readyz`)).status).toBe(200);
    await expect.poll(async () => (await fetch(`${there.url}/readyz`)).status).toBe(200);
    await ann.request(signal('daily', b, 'again'));
    await expect.poll(() => signalsOf(ben)).toEqual(['again']);
    expect(ann.events('peerLeft')).toEqual([]);
  }, 30_000);
}

test('N3: a node that drains says that it lives, and takes over from nobody', async () => {
  const env = { NODE_LEASE_MS: '1000', REDIS_TIMEOUT_MS: '500' };
  const { nodes, redis } = await startNodesOnRedis(1, { env });
  await redis.call('INCR', 'node:{dead}');
  await redis.call('SADD', 'nodes', 'dead');
  await nodes[0]?.drain();
  const before = Number(await redis.call('GET', 'node:{node-1}'));
  // It takes for dead what stands still for two leases after its first look.
  await delay(3_500);
  expect(await redis.call('EXISTS', 'node:{dead}')).toBe(1);
  expect(Number(await redis.call('GET', 'node:{node-1}'))).toBeGreaterThan(before + 5);
});

test('N2: an operator reads in Redis who is where', async () => {
  const DIRECTORY_HTTP_URL = await plainDirectory();
  const { here, there, redis, signIn } = await setUp({ DIRECTORY_HTTP_URL });
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  await ann.join('daily', randomUUID());
  await ben.join('daily', randomUUID());
  expect(await redis.call('HGETALL', 'room:{daily}:nodes')).toEqual(['node-1', '1', 'node-2', '1']);
  const { sessionId } = ann.welcome;
  expect(await redis.call('HGETALL', 'user:{ann}:node')).toEqual([sessionId, 'node-1']);
  const presence = 'presence:{daily}:{ann}';
  await expect.poll(() => redis.call('GET', presence)).toBe('node-1');
  await redis.call('PEXPIRE', presence, 1_000);
  await ann.settle();
  await expect.poll(() => redis.call('PTTL', presence)).toBeGreaterThan(20_000);
  expect(JSON.parse(String(await redis.call('GET', 'room:{daily}')))).toMatchObject({
    record: { roomId: 'daily' },
  });
  const heard = (await redis.call('PUBSUB', 'SHARDCHANNELS', 'channel:room:*')) as string[];
  const ofNodes = ['channel:room:{daily}:node-1', 'channel:room:{daily}:node-2'];
  expect(heard.toSorted()).toEqual(['channel:room:{daily}', ...ofNodes]);
  ann.close();
  await expect.poll(() => redis.call('ZRANGE', 'disconnecting:{ann}', 0, -1)).toEqual([sessionId]);
  expect(await redis.call('HGETALL', 'room:{daily}:nodes')).toEqual(['node-1', '1', 'node-2', '1']);
  await expect
    .poll(() => redis.call('HGETALL', 'room:{daily}:nodes'), { timeout: 5_000 })
    .toEqual(['node-2', '1']);
  expect(await redis.call('EXISTS', 'disconnecting:{ann}', 'user:{ann}:node', 'user:{ann}:sessions')).toBe(0);
});

test('S6: the last connection of a node is gone, and with its clients all that it kept in Redis of them', async () => {
  const { here, there, redis, signIn } = await setUp({
    ROOM_EMPTY_GRACE_MS: '200',
    RECONNECTION_WINDOW_MS: '100',
  });
  for (const node of [here, there]) {
    const client = await signIn(node, 'ann');
    await client.join('daily', randomUUID());
    await client.request({ case: 'signOut', value: {} });
    await client.closed;
  }
  const left = async () => {
    const keys = (await redis.call('KEYS', '*')) as string[];
    return keys.filter(
      (key) => !/^(rooms|nodes|node:|room:\{daily\}$|presence:|user:\{ann\}:ended:)/.test(key),
    );
  };
  // What the session did in the room is known for as long as something of it may be on its way.
  await expect.poll(left, { timeout: 25_000 }).toEqual([]);
  const nodes = await redis.call('KEYS', 'node:*:sessions');
  expect(nodes).toEqual([]);
}, 40_000);

test("P2, S5: who takes another's peer_id and comes back from before its join gets nothing that was for the other", async () => {
  const { here, there, signIn, resume } = await setUp();
  const [host, first, second] = [
    await signIn(here, 'hanna'),
    await signIn(here, 'fred'),
    await signIn(there, 'sue'),
  ];
  const [h, taken] = [randomUUID(), randomUUID()];
  const { room } = await host.join('daily', h);
  const { epoch = 0 } = room?.head ?? {};
  await first.join('daily', taken);
  await host.request(signal('daily', taken, 'for the first alone'));
  await expect.poll(() => signalsOf(first)).toEqual(['for the first alone']);
  await first.request({ case: 'leaveRoom', value: { roomId: 'daily' } });
  await second.join('daily', taken);
  await host.request(signal('daily', taken, 'for the second'));
  for (const offset of [0, 1, 2, 3]) {
    const back = await resume(here, second, [{ stream: 'daily', epoch, offset }]);
    expect(back.welcome.rooms[0]?.outcome.case).toBe('snapshot');
    await back.settle();
    expect(signalsOf(back)).toEqual([]);
    await resume(there, second);
  }
});

test('S5: a request that was refused, whose answer was lost and which was overtaken, has no effect when it is sent again', async () => {
  const { here, there, signIn, resume } = await setUp();
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(here, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  await ann.join('daily', a);
  // Ben is not there yet: it is refused, and the answer is lost with the connection.
  const refused = ann.takeId();
  ann.send({ id: refused, body: signal('daily', b, 'refused') });
  expect((await ann.reply(refused)).result).toMatchObject({
    case: 'error',
    value: { code: ErrorCode.PEER_NOT_FOUND },
  });
  await ben.join('daily', b);
  const later = ann.takeId();
  ann.send({ id: later, body: signal('daily', b, 'later') });
  await expect.poll(() => signalsOf(ben)).toEqual(['later']);
  ann.close();
  const back = await resume(there, ann);
  for (const [id, type] of [
    [refused, 'refused'],
    [later, 'later'],
  ] as const)
    back.send({ id, body: signal('daily', b, type) });
  expect((await back.reply(refused)).result).toMatchObject({
    case: 'error',
    value: { code: ErrorCode.NOT_APPLIED, retryable: true },
  });
  expect((await back.reply(later)).result.case).toBeUndefined();
  await ben.settle();
  expect(signalsOf(ben)).toEqual(['later']);
});

test('O3: the trace context of a relay goes from the frame of its sender to that of its receiver, by way of another node', async () => {
  const { here, there, signIn } = await setUp();
  const [ann, ben] = [await signIn(here, 'ann'), await signIn(there, 'ben')];
  const [a, b] = [randomUUID(), randomUUID()];
  await ann.join('daily', a);
  await ben.join('daily', b);
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  ann.send({ id: ann.takeId(), traceparent, body: signal('daily', b, 'traced') });
  await ann.request(signal('daily', b, 'not traced'));
  expect((await ben.event('relay', 1)).traceparent).toBe('');
  expect((await ben.event('relay', 0)).traceparent).toBe(traceparent);
  expect(signalsOf(ben)).toEqual(['traced', 'not traced']);
});
