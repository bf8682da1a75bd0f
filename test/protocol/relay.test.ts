import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RelayBodySchema } from '../../gen/parley/signal/v1/relay_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

interface Peer {
  readonly client: RawClient;
  readonly peerId: string;
}

async function peer(userId: string, roomId: string, more: object = {}): Promise<Peer> {
  const client = await RawClient.signIn(server.wsUrl, await server.token(userId, more));
  const peerId = randomUUID();
  await client.join(roomId, peerId);
  return { client, peerId };
}

const offer = (sdp: string) => ({ kind: { case: 'offer', value: { sdp, negotiation: 1 } } }) as const;
const relay = (roomId: string, to: string, body: object) =>
  ({ case: 'relay', value: { roomId, to, body } }) as Parameters<RawClient['request']>[0];

test('P1: an offer, an answer, candidates and a signal go from one peer to one other and to nobody else', async () => {
  const [alice, bob, carol] = [await peer('alice', 'p1'), await peer('bob', 'p1'), await peer('carol', 'p1')];
  const bodies = [
    offer('v=0 offer'),
    { kind: { case: 'answer', value: { sdp: 'v=0 answer' } } },
    {
      kind: {
        case: 'candidates',
        value: {
          candidates: [{ candidate: 'candidate:1', sdpMid: '0' }, { candidate: 'candidate:2' }],
          endOfCandidates: true,
        },
      },
    },
    { kind: { case: 'signal', value: { type: 'custom', data: Uint8Array.of(0, 1, 255) } } },
  ];
  for (const body of bodies) await alice.client.request(relay('p1', bob.peerId, body));
  const got = await Promise.all(bodies.map((_, nth) => bob.client.event('relay', nth)));
  expect(got.map(({ body }) => body.value.from)).toEqual(Array(4).fill(alice.peerId));
  expect(got.map(({ body }) => body.value.body?.kind.case)).toEqual([
    'offer',
    'answer',
    'candidates',
    'signal',
  ]);
  expect(got.every(({ directed }) => directed)).toBe(true);
  expect(got[2]?.body.value.body).toMatchObject(bodies[2] ?? {});
  await carol.client.settle();
  expect(carol.client.events('relay')).toEqual([]);
  expect(alice.client.events('relay')).toEqual([]);
  for (const { client } of [alice, bob, carol]) client.close();
});

test('P1: the correlation id at the receiver stands in the log, and neither the log nor it holds the SDP', async () => {
  const [alice, bob] = [await peer('alice', 'p1-log'), await peer('bob', 'p1-log')];
  await alice.client.request(relay('p1-log', bob.peerId, offer('v=0 do not log this')));
  const { body } = await bob.client.event('relay');
  const lines = server.logLines.filter(({ event }) => event === 'relay.offer');
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 'debug',
      correlationId: body.value.correlationId,
      from: alice.peerId,
      to: bob.peerId,
    }),
  );
  expect(JSON.stringify(server.logLines)).not.toContain('do not log this');
  alice.client.close();
  bob.client.close();
});

test('P1: the bytes of the body arrive as they were sent, unknown fields among them', async () => {
  const [alice, bob] = [await peer('alice', 'p1-bytes'), await peer('bob', 'p1-bytes')];
  const future = { no: 99, wireType: WireType.LengthDelimited, data: Uint8Array.of(3, 1, 2, 3) };
  const sent = create(RelayBodySchema, offer('v=0'));
  sent.$unknown = [future];
  await alice.client.request(relay('p1-bytes', bob.peerId, sent));
  const { body } = await bob.client.event('relay');
  const relayed = body.value.body;
  if (relayed === undefined) throw new Error('no body');
  expect(Buffer.from(toBinary(RelayBodySchema, relayed)).includes(Buffer.of(3, 1, 2, 3))).toBe(true);
  alice.client.close();
  bob.client.close();
});

test('P2: to oneself, to a stranger, to another room and without the right each get a typed error', async () => {
  const [alice, bob, other] = [
    await peer('alice', 'p2'),
    await peer('bob', 'p2'),
    await peer('carol', 'p2-other'),
  ];
  const muted = await peer('dave', 'p2', { rooms: { '*': { subscribe: true } } });
  const cases = [
    [alice, relay('p2', alice.peerId, offer('v=0')), ErrorCode.INVALID_ARGUMENT],
    [alice, relay('p2', randomUUID(), offer('v=0')), ErrorCode.PEER_NOT_FOUND],
    [alice, relay('p2', other.peerId, offer('v=0')), ErrorCode.PEER_NOT_FOUND],
    [alice, relay('p2-other', other.peerId, offer('v=0')), ErrorCode.NOT_IN_ROOM],
    [alice, relay('p2', bob.peerId, {}), ErrorCode.INVALID_ARGUMENT],
    [alice, { case: 'relay', value: { roomId: 'p2', to: bob.peerId } }, ErrorCode.INVALID_ARGUMENT],
    [muted, relay('p2', bob.peerId, offer('v=0')), ErrorCode.PERMISSION_DENIED],
  ] as const;
  for (const [from, body, code] of cases) {
    const { result } = await from.client.request(body);
    expect(result.case === 'error' && result.value.code, JSON.stringify(body)).toBe(code);
  }
  alice.client.send({ id: 0, body: relay('p2', bob.peerId, offer('v=0')) });
  expect((await alice.client.control('error')).body.value.code).toBe(ErrorCode.INVALID_ARGUMENT);
  await bob.client.settle();
  await other.client.settle();
  expect(bob.client.events('relay')).toEqual([]);
  expect(other.client.events('relay')).toEqual([]);
  for (const { client } of [alice, bob, other, muted]) client.close();
});

test('P2: what is said to a peer in its reconnection window reaches it when it resumes', async () => {
  const alice = await peer('alice', 'p2-window');
  const token = await server.token('bob', { windowMs: 5_000 });
  const bob = await RawClient.signIn(server.wsUrl, token);
  const peerB = randomUUID();
  const joined = await bob.join('p2-window', peerB);
  const { sessionId, sessionSecret } = bob.welcome;
  bob.close();
  await bob.closed;
  for (const text of ['one', 'two']) await alice.client.request(relay('p2-window', peerB, offer(text)));
  await alice.client.request({ case: 'updatePeer', value: { roomId: 'p2-window', attributes: { a: 'b' } } });
  const { epoch = 0, offset = 0 } = joined.room?.head ?? {};
  const back = await RawClient.open(server.wsUrl, {
    hello: {
      case: 'hello',
      value: {
        token,
        resume: { sessionId, sessionSecret, positions: [{ stream: 'p2-window', epoch, offset }] },
      },
    },
  });
  expect((await back.welcomed()).rooms.map(({ outcome }) => outcome.case)).toEqual(['recovered']);
  await back.event('peerUpdated');
  expect(back.events('relay').map(({ body }) => body.value.body?.kind.value)).toMatchObject([
    { sdp: 'one' },
    { sdp: 'two' },
  ]);
  expect(alice.client.events('peerLeft')).toEqual([]);
  alice.client.close();
  back.close();
});

test('P3: a thousand relays arrive in order, each once, and are acknowledged in a few frames', async () => {
  const [alice, bob] = [await peer('alice', 'p3'), await peer('bob', 'p3')];
  const count = 1_000;
  let last = 0;
  for (let sent = 0; sent < count; ) {
    for (let burst = 0; burst < 50; burst++, sent++) {
      last = alice.client.takeId();
      alice.client.send({ id: last, body: relay('p3', bob.peerId, offer(`${sent}`)) });
    }
    await alice.client.reply(last);
  }
  await bob.client.event('relay', count - 1);
  const texts = bob.client
    .events('relay')
    .map(({ body }) => (body.value.body?.kind.value as { sdp: string }).sdp);
  expect(texts).toEqual(Array.from({ length: count }, (_, index) => `${index}`));
  const acknowledgements = alice.client.frames.filter(({ frame }) => frame.case === 'control');
  expect(acknowledgements.length).toBeLessThan(count / 10);
  alice.client.close();
  bob.client.close();
});

test('P3: a relay sent again with its id, after a resume, has its effect once', async () => {
  const bob = await peer('bob', 'p3-again');
  const token = await server.token('alice', { windowMs: 5_000 });
  const alice = await RawClient.signIn(server.wsUrl, token);
  await alice.join('p3-again', randomUUID());
  const id = alice.takeId();
  const body = relay('p3-again', bob.peerId, offer('once'));
  alice.send({ id, body });
  await alice.reply(id);
  const { sessionId, sessionSecret } = alice.welcome;
  const back = await RawClient.open(server.wsUrl, {
    hello: { case: 'hello', value: { token, resume: { sessionId, sessionSecret } } },
  });
  await back.welcomed();
  back.send({ id, body });
  expect((await back.reply(id)).result.case).toBeUndefined();
  back.send({ id: id + 1, body: relay('p3-again', bob.peerId, offer('twice')) });
  await bob.client.event('relay', 1);
  expect(bob.client.events('relay').map(({ body: { value } }) => value.body?.kind.value)).toMatchObject([
    { sdp: 'once' },
    { sdp: 'twice' },
  ]);
  back.close();
  bob.client.close();
});
