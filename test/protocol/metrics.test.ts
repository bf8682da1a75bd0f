import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { RelayBodySchema } from '../../gen/parley/signal/v1/relay_pb.ts';
import { startRoomServer } from './room-server.ts';

type Kind = NonNullable<MessageInitShape<typeof RelayBodySchema>['kind']>;

const { server, signIn } = await startRoomServer();

/** The value of a metric, as Prometheus would read it. 0: there is no such line. */
async function metric(line: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length) ?? 0);
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
  const before = await Promise.all(
    ['offer', 'candidate', 'answer'].map((type) => metric(`messages_total{type="${type}"}`)),
  );
  const latenciesBefore = await metric('relay_latency_ms_count');
  for (const kind of kinds) {
    await ada.request({ case: 'relay', value: { roomId: 'relaying', to, body: { kind } } });
  }
  const after = await Promise.all(
    ['offer', 'candidate', 'answer'].map((type) => metric(`messages_total{type="${type}"}`)),
  );
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 2, 0]);
  expect((await metric('relay_latency_ms_count')) - latenciesBefore).toBe(3);
});
