import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RoomAccess, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { LeaveReason, RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { type DirectorySource, startTestServer, type TestServer } from './test-server.ts';

const everything = { publish: true, subscribe: true, chat: true, relay: true };

/** A Directory with a room for each case. */
const directory: DirectorySource = {
  room: (roomId) => {
    const policies: Record<string, object> = {
      small: { createOnJoin: true, capacity: 2 },
      granted: { createOnJoin: true, access: RoomAccess.GRANT },
      asked: { createOnJoin: true, access: RoomAccess.ASK },
      fixed: { createOnJoin: false },
      muted: { createOnJoin: true, permissions: { subscribe: true } },
    };
    if (roomId.startsWith('absent')) return undefined;
    const policy = { createOnJoin: true, creatorIsHost: true, permissions: everything, ...policies[roomId] };
    return create(RoomRecordSchema, { roomId, mode: RoomMode.P2P, policy, metadata: { topic: 'standup' } });
  },
  authorizeJoin: (_roomId, userId) =>
    userId === 'bob' ? { allowed: true } : { allowed: false, reason: 'Only Bob may come in.' },
  user: (userId) =>
    userId === 'dora'
      ? {
          $typeName: 'parley.directory.v1.User',
          userId,
          displayName: 'Dora D.',
          avatarUrl: 'https://example.test/d.png',
        }
      : undefined,
  contacts: () => [],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({
    directory,
    env: { RECONNECTION_WINDOW_MS: '250', ROOM_EMPTY_GRACE_MS: '200' },
  });
});
afterAll(() => server.close());

const signIn = async (userId: string, more: Parameters<TestServer['token']>[1] = {}) =>
  RawClient.signIn(server.wsUrl, await server.token(userId, more));

const errorOf = async (client: RawClient, body: Parameters<RawClient['request']>[0]) => {
  const { result } = await client.request(body);
  if (result.case !== 'error') throw new Error(`no error for ${body.case}: ${String(result.case)}`);
  return result.value;
};

test('R1: the joiner gets the room and the others hear of it, with the name that the token gives', async () => {
  const [alice, bob] = [
    await signIn('alice', { displayName: 'Alice A.', avatarUrl: 'https://example.test/a.png' }),
    await signIn('bob'),
  ];
  const [peerA, peerB] = [randomUUID(), randomUUID()];
  const first = await alice.join('r1', peerA);
  expect(first.created).toBe(true);
  expect(first.room).toMatchObject({
    roomId: 'r1',
    mode: RoomMode.P2P,
    metadata: { topic: 'standup' },
    ownPeerId: peerA,
  });
  expect(Number(first.room?.createdAtMs)).toBeGreaterThan(Date.now() - 5_000);
  const reply = await bob.request({
    case: 'joinRoom',
    value: { roomId: 'r1', peerId: peerB, attributes: { mic: 'on', displayName: 'Mallory' } },
  });
  if (reply.result.case !== 'roomJoined') throw new Error('not joined');
  const second = reply.result.value;
  expect(second.created).toBe(false);
  expect(
    second.room?.peers.map((peer) => [peer.peerId, peer.displayName, peer.avatarUrl, peer.joinedOffset]),
  ).toEqual([
    [peerA, 'Alice A.', 'https://example.test/a.png', 1],
    [peerB, '', '', 2],
  ]);
  const event = await alice.event('peerJoined');
  expect(event).toMatchObject({ stream: 'r1', offset: 2, previousToAll: 1, directed: false });
  expect(event.body.value.peer).toMatchObject({
    peerId: peerB,
    userId: 'bob',
    attributes: { mic: 'on' },
    displayName: '',
  });
  expect(bob.events('peerJoined')).toEqual([]);
  alice.close();
  bob.close();
});

test('R1: the name comes from the Directory where the token has none', async () => {
  const dora = await signIn('dora');
  const joined = await dora.join('named', randomUUID());
  expect(joined.room?.peers[0]).toMatchObject({
    displayName: 'Dora D.',
    avatarUrl: 'https://example.test/d.png',
  });
  dora.close();
});

test('R1: without an id a room with a random UUID is made, and without a peer id the server makes one', async () => {
  const alice = await signIn('alice');
  const joined = await alice.join('', '');
  expect(joined.room?.roomId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  expect(joined.room?.ownPeerId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  const other = await alice.join('', '');
  expect(other.room?.roomId).not.toBe(joined.room?.roomId);
  alice.close();
});

test('R1: joining again and leaving twice are harmless and answered the same', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  await bob.join('again', randomUUID());
  const peerId = randomUUID();
  const [first, second] = [await alice.join('again', peerId), await alice.join('again', peerId)];
  expect(second.created).toBe(first.created);
  expect(second.room?.peers).toEqual(first.room?.peers);
  const another = await errorOf(alice, {
    case: 'joinRoom',
    value: { roomId: 'again', peerId: randomUUID() },
  });
  expect(another.code).toBe(ErrorCode.INVALID_ARGUMENT);
  for (let times = 0; times < 2; times++) {
    expect(
      (await alice.request({ case: 'leaveRoom', value: { roomId: 'again' } })).result.case,
    ).toBeUndefined();
  }
  await bob.event('peerLeft');
  await bob.settle();
  expect(bob.events('peerJoined')).toHaveLength(1);
  expect(bob.events('peerLeft')).toHaveLength(1);
  expect((await errorOf(alice, { case: 'getRoom', value: { roomId: 'again' } })).code).toBe(
    ErrorCode.NOT_IN_ROOM,
  );
  alice.close();
  bob.close();
});

test('R1: by the path /rooms/{roomId} the welcome has the room', async () => {
  const peerId = randomUUID();
  const url = `${server.url.replace('http', 'ws')}/rooms/by-path?peer_id=${peerId}`;
  const alice = await RawClient.signIn(url, await server.token('alice'));
  expect(alice.welcome.rooms).toMatchObject([
    { roomId: 'by-path', outcome: { case: 'snapshot', value: { ownPeerId: peerId } } },
  ]);
  const bob = await signIn('bob');
  await bob.join('by-path', randomUUID());
  expect((await alice.event('peerJoined')).stream).toBe('by-path');
  const refused = await RawClient.signIn(url.replace('by-path', 'absent-1'), await server.token('carol'));
  expect(refused.welcome.rooms).toMatchObject([
    { outcome: { case: 'error', value: { code: ErrorCode.ROOM_NOT_FOUND } } },
  ]);
  for (const client of [alice, bob, refused]) client.close();
});

test('R1: a member can ask for the room as it is, and it has an own event in nothing but its snapshot', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  await alice.join('asking', randomUUID());
  await bob.join('asking', randomUUID());
  const { result } = await bob.request({ case: 'getRoom', value: { roomId: 'asking' } });
  if (result.case !== 'room') throw new Error('no room');
  expect(result.value.head).toMatchObject({ offset: 2, lastToAll: 2, lastToReceiver: 0 });
  expect(bob.events('peerJoined')).toEqual([]);
  alice.close();
  bob.close();
});

test('R1: a taken peer id, no UUID, an unknown room and a frame outside a room each get their typed error', async () => {
  const [alice, mallory] = [await signIn('alice'), await signIn('mallory')];
  const peerId = randomUUID();
  await alice.join('taken', peerId);
  const cases = [
    [{ case: 'joinRoom', value: { roomId: 'taken', peerId } }, ErrorCode.PEER_ID_TAKEN],
    [{ case: 'joinRoom', value: { roomId: 'taken', peerId: 'not-a-uuid' } }, ErrorCode.INVALID_ARGUMENT],
    [{ case: 'joinRoom', value: { roomId: 'no spaces allowed', peerId: '' } }, ErrorCode.INVALID_ARGUMENT],
    [{ case: 'joinRoom', value: { roomId: 'absent-2', peerId: randomUUID() } }, ErrorCode.ROOM_NOT_FOUND],
    [{ case: 'joinRoom', value: { roomId: 'fixed', peerId: randomUUID() } }, ErrorCode.ROOM_NOT_FOUND],
    [{ case: 'getRoom', value: { roomId: 'taken' } }, ErrorCode.NOT_IN_ROOM],
    [{ case: 'updatePeer', value: { roomId: 'taken', attributes: { a: 'b' } } }, ErrorCode.NOT_IN_ROOM],
    [{ case: 'closeRoom', value: { roomId: 'taken' } }, ErrorCode.NOT_IN_ROOM],
  ] as const;
  for (const [body, code] of cases)
    expect((await errorOf(mallory, body)).code, JSON.stringify(body)).toBe(code);
  await alice.settle();
  expect(alice.events('peerJoined')).toEqual([]);
  alice.close();
  mallory.close();
});

test('R2: a full room refuses, also when many come at once', async () => {
  const clients = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => signIn(name)));
  const replies = await Promise.all(
    clients.map((client) =>
      client.request({ case: 'joinRoom', value: { roomId: 'small', peerId: randomUUID() } }),
    ),
  );
  expect(replies.filter(({ result }) => result.case === 'roomJoined')).toHaveLength(2);
  const codes = replies.flatMap(({ result }) => (result.case === 'error' ? [result.value.code] : []));
  expect(codes).toEqual([ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL]);
  for (const client of clients) client.close();
});

test('R2: access by a grant in the token, by a join token, and by the Directory; a refusal says why', async () => {
  const bare = await signIn('alice');
  const granted = await signIn('alice', { rooms: { granted: { relay: true } } });
  const elsewhere = await signIn('alice', { rooms: { other: {} } });
  const join = (client: RawClient, roomId: string, joinToken = '') =>
    client.request({ case: 'joinRoom', value: { roomId, peerId: randomUUID(), joinToken } });
  const reasonOf = async (reply: ReturnType<typeof join>) => {
    const { result } = await reply;
    return result.case === 'error' && result.value.code === ErrorCode.JOIN_DENIED
      ? result.value.reason
      : `no refusal: ${String(result.case)}`;
  };
  expect(await reasonOf(join(bare, 'granted'))).toBe('the room needs a token that names it, or a join token');
  expect((await join(granted, 'granted')).result.case).toBe('roomJoined');
  expect(await reasonOf(join(elsewhere, 'r2'))).toBe('the token is for other rooms');
  const token = (more: object) => server.issuer.joinToken({ roomId: 'granted', expiresInS: 60, ...more });
  expect((await join(elsewhere, 'granted', await token({}))).result.case).toBe('roomJoined');
  expect(await reasonOf(join(bare, 'granted', await token({ userId: 'bob' })))).toBe(
    'the join token is for another user',
  );
  expect(await reasonOf(join(bare, 'granted', await token({ roomId: 'r2' })))).toBe(
    'the join token is for another room',
  );
  expect(await reasonOf(join(bare, 'granted', await token({ expiresInS: -60 })))).toContain(
    'the join token does not hold',
  );
  expect(await reasonOf(join(bare, 'granted', await server.token('alice')))).toContain(
    'the join token does not hold',
  );
  expect(await reasonOf(join(bare, 'asked'))).toBe('Only Bob may come in.');
  const bob = await signIn('bob');
  expect((await join(bob, 'asked')).result.case).toBe('roomJoined');
  const lister = await signIn('alice', { scopes: ['list'] });
  expect((await errorOf(lister, { case: 'joinRoom', value: { roomId: 'r2' } })).code).toBe(
    ErrorCode.PERMISSION_DENIED,
  );
  for (const client of [bare, granted, elsewhere, bob, lister]) client.close();
});

test('R2, R7: host rights come from policy or token; without them metadata, kick and close are refused', async () => {
  const [host, guest, deputy] = [
    await signIn('alice'),
    await signIn('bob'),
    await signIn('carol', { rooms: { '*': { host: true, relay: true } } }),
  ];
  const peerH = randomUUID();
  const peerG = randomUUID();
  const joined = await host.join('hosted', peerH);
  expect(joined.room?.peers[0]?.permissions?.host).toBe(true);
  await guest.join('hosted', peerG);
  await deputy.join('hosted', randomUUID());
  const forbidden = [
    { case: 'updateRoom', value: { roomId: 'hosted', metadata: { topic: 'mine' } } },
    { case: 'kickPeer', value: { roomId: 'hosted', peerId: peerH } },
    { case: 'closeRoom', value: { roomId: 'hosted' } },
  ] as const;
  for (const body of forbidden)
    expect((await errorOf(guest, body)).code, body.case).toBe(ErrorCode.PERMISSION_DENIED);
  await host.request({
    case: 'updateRoom',
    value: { roomId: 'hosted', metadata: { topic: '', agenda: 'news' } },
  });
  expect((await guest.event('roomUpdated')).body.value).toMatchObject({
    metadata: { agenda: 'news' },
    changedBy: peerH,
  });
  await deputy.request({ case: 'updateRoom', value: { roomId: 'hosted', metadata: { more: 'x' } } });
  expect((await guest.event('roomUpdated', 1)).body.value.metadata).toEqual({ agenda: 'news', more: 'x' });
  for (const client of [host, guest, deputy]) client.close();
});

test('R3: leaving, a lost connection past its window, a kick and a closed room each give one peer_left with its reason', async () => {
  const [host, leaver, loser, kicked, watcher] = [
    await signIn('alice'),
    await signIn('bob'),
    await signIn('carol'),
    await signIn('dave'),
    await signIn('erin'),
  ];
  const [peerL, peerC, peerK, peerW, peerH] = [
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomUUID(),
  ];
  await host.join('leaving', peerH);
  await leaver.join('leaving', peerL);
  await loser.join('leaving', peerC);
  await kicked.join('leaving', peerK);
  await watcher.join('leaving', peerW);
  await leaver.request({ case: 'leaveRoom', value: { roomId: 'leaving' } });
  await host.request({ case: 'kickPeer', value: { roomId: 'leaving', peerId: peerK } });
  expect((await kicked.event('peerLeft', 1)).body.value).toMatchObject({
    peerId: peerK,
    reason: LeaveReason.KICKED,
  });
  expect((await errorOf(kicked, { case: 'getRoom', value: { roomId: 'leaving' } })).code).toBe(
    ErrorCode.NOT_IN_ROOM,
  );
  const lostAt = performance.now();
  loser.close();
  await watcher.event('peerLeft', 2);
  expect(performance.now() - lostAt).toBeGreaterThan(240);
  expect(watcher.events('peerLeft').map(({ body }) => [body.value.peerId, body.value.reason])).toEqual([
    [peerL, LeaveReason.LEFT],
    [peerK, LeaveReason.KICKED],
    [peerC, LeaveReason.CONNECTION_LOST],
  ]);
  await host.request({ case: 'closeRoom', value: { roomId: 'leaving' } });
  expect((await watcher.event('roomClosed')).body.value.peerIds).toEqual([peerH, peerW]);
  expect((await errorOf(watcher, { case: 'getRoom', value: { roomId: 'leaving' } })).code).toBe(
    ErrorCode.NOT_IN_ROOM,
  );
  const again = await watcher.join('leaving', randomUUID());
  expect(again.created).toBe(true);
  for (const client of [host, leaver, kicked, watcher]) client.close();
});

test('R3: signing out leaves at once, and an empty room is gone after its grace', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  await alice.join('emptied', randomUUID());
  const peerB = randomUUID();
  await bob.join('emptied', peerB);
  expect((await bob.request({ case: 'signOut', value: {} })).result.case).toBeUndefined();
  expect((await bob.closed).code).toBe(4304);
  expect((await alice.event('peerLeft')).body.value).toMatchObject({
    peerId: peerB,
    reason: LeaveReason.LEFT,
  });
  await alice.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
  const carol = await signIn('carol');
  expect((await carol.join('emptied', randomUUID())).created).toBe(false);
  await carol.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
  await expect
    .poll(
      async () => {
        const { created } = await carol.join('emptied', randomUUID());
        await carol.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
        return created;
      },
      { timeout: 4_000, interval: 1_500 },
    )
    .toBe(true);
  alice.close();
  carol.close();
});

test('R7: attributes change for everyone and stand in the snapshot; past the bound nothing changes', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  const peerA = randomUUID();
  await alice.join('attributes', peerA);
  await bob.join('attributes', randomUUID());
  await alice.request({
    case: 'updatePeer',
    value: { roomId: 'attributes', attributes: { mic: 'on', hand: 'up' } },
  });
  await alice.request({ case: 'updatePeer', value: { roomId: 'attributes', attributes: { hand: '' } } });
  expect((await bob.event('peerUpdated', 1)).body.value).toMatchObject({
    peerId: peerA,
    attributes: { mic: 'on' },
  });
  const error = await errorOf(alice, {
    case: 'updatePeer',
    value: { roomId: 'attributes', attributes: { big: 'x'.repeat(16_380) } },
  });
  expect(error).toMatchObject({
    code: ErrorCode.INVALID_ARGUMENT,
    message: expect.stringContaining('16384') as string,
  });
  const { result } = await bob.request({ case: 'getRoom', value: { roomId: 'attributes' } });
  expect(result.case === 'room' && result.value.peers[0]?.attributes).toEqual({ mic: 'on' });
  alice.close();
  bob.close();
});
