import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { RoomMode } from '../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { RawClient } from './raw-client.ts';
import { errorOf, startRoomServer } from './room-server.ts';

const { server, signIn } = await startRoomServer();

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
});

test('R1: the name comes from the Directory where the token has none', async () => {
  const dora = await signIn('dora');
  const joined = await dora.join('named', randomUUID());
  expect(joined.room?.peers[0]).toMatchObject({
    displayName: 'Dora D.',
    avatarUrl: 'https://example.test/d.png',
  });
});

test('R1: without an id a room with a random UUID is made, and without a peer id the server makes one', async () => {
  const alice = await signIn('alice');
  const joined = await alice.join('', '');
  expect(joined.room?.roomId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  expect(joined.room?.ownPeerId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  const other = await alice.join('', '');
  expect(other.room?.roomId).not.toBe(joined.room?.roomId);
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
  for (const client of [alice, refused]) client.close();
});

test('R1: a member that asks for the room gets it up to the last event, and its own join only there', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  await alice.join('asking', randomUUID());
  await bob.join('asking', randomUUID());
  const { result } = await bob.request({ case: 'getRoom', value: { roomId: 'asking' } });
  if (result.case !== 'room') throw new Error('no room');
  expect(result.value.head).toMatchObject({ offset: 2, lastToAll: 2, lastToReceiver: 0 });
  expect(bob.events('peerJoined')).toEqual([]);
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
});

test('R1: a peer id in upper case is refused, so that a taken one has no second spelling', async () => {
  const [alice, mallory] = [await signIn('alice'), await signIn('mallory')];
  const peerId = randomUUID();
  await alice.join('spelling', peerId);
  const join = (id: string) =>
    errorOf(mallory, { case: 'joinRoom', value: { roomId: 'spelling', peerId: id } });
  expect((await join(peerId)).code).toBe(ErrorCode.PEER_ID_TAKEN);
  const refusal = await join(peerId.toUpperCase());
  expect(refusal.code).toBe(ErrorCode.INVALID_ARGUMENT);
  expect(refusal.message).toContain('peer_id is not a UUID of 36 characters in lower case');
  const path = `${server.url.replace('http', 'ws')}/rooms/spelling?peer_id=${peerId.toUpperCase()}`;
  await expect(RawClient.signIn(path, await server.token('mallory'))).rejects.toThrow('404');
});
