import { randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { RoomAccess, RoomRecordSchema } from '../../gen/parley/directory/v1/directory_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { errorOf, startRoomServer } from './room-server.ts';
import { type DirectorySource, startTestServer } from './test-server.ts';

const { server, signIn } = await startRoomServer();

test('R2: a full room refuses, also when many come at once', async () => {
  const clients = await Promise.all(['amy', 'bea', 'cleo', 'dan', 'eve', 'fay'].map((name) => signIn(name)));
  const replies = await Promise.all(
    clients.map((client) =>
      client.request({ case: 'joinRoom', value: { roomId: 'small', peerId: randomUUID() } }),
    ),
  );
  expect(replies.filter(({ result }) => result.case === 'roomJoined')).toHaveLength(2);
  const codes = replies.flatMap(({ result }) => (result.case === 'error' ? [result.value.code] : []));
  expect(codes).toEqual([ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL, ErrorCode.ROOM_FULL]);
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
});

test('R2: a room whose kind of access the server does not know lets nobody in, with a grant or without', async () => {
  const accesses: Readonly<Record<string, RoomAccess>> = { later: 9 as RoomAccess };
  const directory: DirectorySource = {
    room: (roomId) =>
      create(RoomRecordSchema, {
        roomId,
        policy: { createOnJoin: true, access: accesses[roomId] ?? RoomAccess.UNSPECIFIED },
      }),
    authorizeJoin: () => ({ allowed: true }),
    user: () => undefined,
    contacts: () => [],
  };
  const later = await startTestServer({ directory });
  onTestFinished(() => later.close());
  for (const rooms of [{}, { later: { host: true }, unsaid: {} }]) {
    const client = await RawClient.signIn(later.wsUrl, await later.token('alice', { rooms }));
    onTestFinished(() => client.close());
    const refusal = await errorOf(client, { case: 'joinRoom', value: { roomId: 'later' } });
    expect(refusal.code).toBe(ErrorCode.JOIN_DENIED);
    expect(refusal.reason).toBe('the server does not know this kind of access');
    expect((await client.join('unsaid', '')).room?.roomId).toBe('unsaid');
  }
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
});
