import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { RelayBodySchema } from '../../gen/parley/signal/v1/relay_pb.ts';
import { RawClient } from './raw-client.ts';
import { startRoomServer } from './room-server.ts';

type Kind = NonNullable<MessageInitShape<typeof RelayBodySchema>['kind']>;

const { server, signIn } = await startRoomServer();
/** Lets little through. */
const slow = await startRoomServer({ CONNECTION_RATE: '1', CONNECTION_BURST: '64' });

/** The value of a metric, as Prometheus would read it. 0: there is no such line. */
async function metric(line: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
}

/** How much each of these grew meanwhile. */
async function growth(lines: readonly string[], meanwhile: () => Promise<void>): Promise<readonly number[]> {
  const before = await Promise.all(lines.map(metric));
  await meanwhile();
  const after = await Promise.all(lines.map(metric));
  return after.map((value, index) => value - (before[index] ?? 0));
}

test('O2: connections, members, users and rooms are counted while they are there', async () => {
  const names = ['ws_connections_gauge', 'room_members_gauge', 'online_users_gauge', 'followed_rooms_gauge'];
  const counted = () => Promise.all(names.map(metric));
  await expect.poll(counted).toEqual([0, 0, 0, 0]);
  const clients = [await signIn('ana'), await signIn('ana'), await signIn('ben')];
  for (const client of clients) await client.join('counted', randomUUID());
  await clients[0]?.join('other', randomUUID());
  expect(await counted()).toEqual([3, 4, 2, 2]);
  for (const client of clients) client.close();
  await expect.poll(counted).toEqual([0, 0, 0, 0]);
});

test('O2: each relay is counted once by its kind, with its latency, also where it was sent again', async () => {
  const [ada, bob] = [await signIn('ada'), await signIn('bob')];
  const to = randomUUID();
  await ada.join('relaying', randomUUID());
  await bob.join('relaying', to);
  const kinds: Kind[] = [
    { case: 'offer', value: { sdp: 'v=0' } },
    { case: 'candidates', value: { candidates: [{ candidate: 'candidate:1' }] } },
    { case: 'candidates', value: { endOfCandidates: true } },
  ];
  const lines = ['offer', 'candidate', 'answer', 'relay'].map((type) => `messages_total{type="${type}"}`);
  const grown = await growth([...lines, 'relay_latency_ms_count'], async () => {
    for (const kind of kinds) {
      await ada.request({ case: 'relay', value: { roomId: 'relaying', to, body: { kind } } });
    }
  });
  expect(grown).toEqual([1, 2, 0, 0, 3]);
});

test('O2: a request is counted by its name where it is carried out, and by its code where it is refused', async () => {
  const ada = await signIn('ada');
  const lines = [
    'messages_total{type="join_room"}',
    'messages_total{type="leave_room"}',
    'messages_total{type="get_room"}',
    'messages_total{type="heartbeat"}',
    'refused_requests_total{code="NOT_IN_ROOM"}',
    'refused_requests_total{code="MALFORMED_FRAME"}',
    'refused_requests_total{code="INVALID_ARGUMENT"}',
  ];
  const grown = await growth(lines, async () => {
    await ada.join('requests', randomUUID());
    for (let times = 0; times < 2; times++) {
      await ada.request({ case: 'leaveRoom', value: { roomId: 'requests' } });
    }
    await ada.request({ case: 'getRoom', value: { roomId: 'requests' } });
    ada.send({ body: { case: 'heartbeat', value: {} } });
    ada.send({ body: { case: 'leaveRoom', value: { roomId: 'requests' } } });
    ada.sendRaw(Uint8Array.of(0xff));
    await ada.settle();
  });
  expect(grown).toEqual([1, 2, 0, 2, 1, 1, 1]);
});

test('O2: each request that is dropped over a rate counts as RATE_LIMITED', async () => {
  const client = await slow.signIn('egon');
  for (let times = 0; times < 70; times++) {
    client.send({ id: client.takeId(), body: { case: 'heartbeat', value: {} } });
  }
  const dropped = (await client.control('dropped')).body.value.ids.length;
  expect(dropped).toBeGreaterThan(0);
  const text = await (await fetch(`${slow.server.url}/metrics`)).text();
  expect(text).toContain(`refused_requests_total{code="RATE_LIMITED"} ${dropped}\n`);
  expect(text).toContain(`messages_total{type="heartbeat"} ${70 - dropped}\n`);
});

test('O2: a sign-in that is refused is counted by its code, and each end of a connection by its close code', async () => {
  const lines = [
    'refused_requests_total{code="TOKEN_INVALID"}',
    'ws_disconnects_total{code="4100"}',
    'ws_disconnects_total{code="1000"}',
    'ws_disconnects_total{code="1006"}',
    'ws_disconnects_total{code="other"}',
    'ws_disconnects_total{code="4777"}',
  ];
  const grown = await growth(lines, async () => {
    const refused = await RawClient.open(server.wsUrl, { token: 'no token' });
    expect((await refused.closed).code).toBe(4100);
    for (const code of [1000, 4777]) {
      const client = await signIn('clara');
      client.close(code);
      await client.closed;
    }
    const lost = await signIn('lois');
    lost.close();
    await expect.poll(() => metric('ws_connections_gauge')).toBe(0);
  });
  expect(grown).toEqual([1, 1, 1, 1, 1, 0]);
});

test('O2: the rooms of a session that comes back are counted by how they stand', async () => {
  const lines = ['recovered', 'snapshot', 'out', 'failed'].map(
    (outcome) => `resumed_rooms_total{outcome="${outcome}"}`,
  );
  const [host, guest] = [await signIn('hedda'), await signIn('gus')];
  const guestId = randomUUID();
  const rooms = ['resumed-1', 'resumed-2', 'resumed-3'];
  for (const room of rooms) await host.join(room, randomUUID());
  const [first] = await Promise.all(rooms.map((room) => guest.join(room, guestId)));
  const grown = await growth(lines, async () => {
    guest.close();
    await expect.poll(() => metric('ws_connections_gauge')).toBe(1);
    await host.request({ case: 'kickPeer', value: { roomId: 'resumed-3', peerId: guestId } });
    const { sessionId, sessionSecret, userId } = guest.welcome;
    const position = { stream: 'resumed-1', epoch: first?.room?.head?.epoch ?? 0, offset: 2 };
    const resume = { sessionId, sessionSecret, positions: [position] };
    const hello = { case: 'hello', value: { token: await server.token(userId), resume } } as const;
    const back = await RawClient.open(server.wsUrl, { hello });
    expect((await back.welcomed()).rooms.map(({ outcome }) => outcome.case)).toEqual([
      'recovered',
      'snapshot',
      'error',
    ]);
    back.close();
  });
  expect(grown).toEqual([1, 1, 1, 0]);
});
