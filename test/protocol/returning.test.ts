import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';
import type { HelloSchema } from '../../gen/parley/signal/v1/session_pb.ts';
import { RawClient } from './raw-client.ts';
import { startRoomServer } from './room-server.ts';

const { server, signIn } = await startRoomServer();

type Resume = NonNullable<MessageInitShape<typeof HelloSchema>['resume']>;

/** A connection that comes back to a session, by its own or another token of the user. */
async function resume(
  of: RawClient,
  attempt = 0,
  token?: string,
  positions: Resume['positions'] = [],
): Promise<RawClient> {
  const { userId, sessionId, sessionSecret } = of.welcome;
  const value = {
    token: token ?? (await server.token(userId)),
    resume: { sessionId, sessionSecret, attempt, positions },
  };
  return RawClient.open(server.wsUrl, { hello: { case: 'hello', value } });
}

async function refusalOf(client: RawClient) {
  const { code } = (await client.control('error')).body.value;
  return { error: code, close: (await client.closed).code };
}

test('S3: a session that was replaced is told so when it comes back, and does not replace the one that replaced it', async () => {
  const replacing = { sessions: 'replace' } as const;
  const before = await signIn('ana', replacing);
  const after = await signIn('ana', replacing);
  expect((await before.closed).code).toBe(4301);
  const back = await resume(before, 1, await server.token('ana', replacing));
  expect(await refusalOf(back)).toEqual({ error: ErrorCode.SESSION_REPLACED, close: 4301 });
  await after.settle();
});

test('S3: a session that signed out is not opened again by a connection that comes late', async () => {
  const client = await signIn('olga');
  await client.request({ case: 'signOut', value: {} });
  expect((await client.closed).code).toBe(4304);
  expect(await refusalOf(await resume(client))).toEqual({ error: ErrorCode.SIGNED_OUT, close: 4304 });
});

test('S3: a connection that was given up and arrives late takes nothing from the one that came after it', async () => {
  const first = await signIn('laura');
  const second = await resume(first, 2);
  expect((await second.welcomed()).resumed).toBe(true);
  expect((await first.closed).code).toBe(4300);
  expect(await refusalOf(await resume(first, 1))).toEqual({ error: ErrorCode.STALE_SESSION, close: 4300 });
  await second.settle();
  const third = await resume(first, 3);
  expect((await third.welcomed()).resumed).toBe(true);
  expect((await second.closed).code).toBe(4300);
  third.close();
});

test('R1: a join that is sent again is answered the same, although its join token no longer holds', async () => {
  const client = await signIn('tina');
  const peerId = randomUUID();
  const joinToken = await server.issuer.joinToken({ roomId: 'granted', userId: 'tina', expiresInS: 60 });
  const join = (token: string) =>
    client.request({ case: 'joinRoom', value: { roomId: 'granted', peerId, joinToken: token } });
  const first = await join(joinToken);
  const again = await join('a token that holds nothing');
  expect(first.result).toMatchObject({ case: 'roomJoined', value: { created: true } });
  expect(again.result).toEqual(first.result);
});

test('R1: by the path, the first joiner is told that it made the room', async () => {
  const url = server.wsUrl.replace(/\/ws$/, '/rooms/by-path');
  const [one, two] = [
    await RawClient.signIn(url, await server.token('first-by-path')),
    await RawClient.signIn(url, await server.token('second-by-path')),
  ];
  expect(one.welcome.rooms).toMatchObject([{ created: true, outcome: { case: 'snapshot' } }]);
  expect(two.welcome.rooms).toMatchObject([{ created: false, outcome: { case: 'snapshot' } }]);
  one.close();
  two.close();
});

test('R1: joins that are asked for together do not pass the limit of rooms together', async () => {
  const client = await signIn('molly');
  const { maxRooms = 0, maxUnanswered = 0 } = client.welcome.limits ?? {};
  expect(maxRooms).toBe(64);
  const asked = Array.from({ length: maxUnanswered }, (_, index) => index);
  const join = (index: number) =>
    client.request({ case: 'joinRoom', value: { roomId: `many-${index}`, peerId: randomUUID() } });
  const one = await join(-1);
  const replies = [one, ...(await Promise.all(asked.map(join)))];
  const refused = replies.filter(({ result }) => result.case === 'error');
  expect(replies).toHaveLength(65);
  expect(refused.map(({ result }) => result.value)).toMatchObject([{ code: ErrorCode.TOO_MANY_ROOMS }]);
});

test('R1: a session that is in a room is refused a second place in it, and keeps the one that it has', async () => {
  const [client, other] = [await signIn('trudy'), await signIn('watcher')];
  const peerId = randomUUID();
  await other.join('one-place', randomUUID());
  await client.join('one-place', peerId);
  const again = await client.request({
    case: 'joinRoom',
    value: { roomId: 'one-place', peerId: randomUUID() },
  });
  expect(again.result).toMatchObject({ case: 'error', value: { code: ErrorCode.INVALID_ARGUMENT } });
  const anyPeer = await client.request({ case: 'joinRoom', value: { roomId: 'one-place' } });
  expect(anyPeer.result).toMatchObject({ case: 'roomJoined', value: { room: { ownPeerId: peerId } } });
  client.close();
  expect((await other.event('peerLeft')).body.value.peerId).toBe(peerId);
});

test('R3: the highest id that a request may have leaves a member that goes when its session ends', async () => {
  const [client, other] = [await signIn('hilda'), await signIn('watcher')];
  await other.join('high-ids', randomUUID());
  const peerId = randomUUID();
  const join = (id: number) =>
    client.send({ id, body: { case: 'joinRoom', value: { roomId: 'high-ids', peerId } } });
  join(0xffff_fffe);
  expect((await client.reply(0xffff_fffe)).result.case).toBe('roomJoined');
  join(0xffff_ffff);
  const { result } = await client.reply(0xffff_ffff);
  expect(result).toMatchObject({ case: 'error', value: { code: ErrorCode.INVALID_ARGUMENT } });
  client.close();
  expect((await other.event('peerLeft')).body.value.peerId).toBe(peerId);
});

test('R7: what a joiner says of itself is held to the same bounds as a change of it', async () => {
  const client = await signIn('vera');
  const join = (attributes: Record<string, string>) =>
    client.request({ case: 'joinRoom', value: { roomId: 'verbose', attributes } });
  expect((await join({ '': 'x' })).result).toMatchObject({
    case: 'error',
    value: { code: ErrorCode.INVALID_ARGUMENT },
  });
  const { result } = await join({ seat: '4', empty: '' });
  expect(result).toMatchObject({ case: 'roomJoined' });
  if (result.case === 'roomJoined') expect(result.value.room?.peers[0]?.attributes).toEqual({ seat: '4' });
});

test('P3, S5: a relay that had its effect before its sender left is acknowledged when it is sent again', async () => {
  const [ada, bob] = [await signIn('ada'), await signIn('bob')];
  const to = randomUUID();
  await ada.join('left-behind', randomUUID());
  await bob.join('left-behind', to);
  const body = { kind: { case: 'offer', value: { sdp: 'v=0' } } } as const;
  const relay = { case: 'relay', value: { roomId: 'left-behind', to, body } } as const;
  const [first, leave] = [ada.takeId(), ada.takeId()];
  ada.send({ id: first, body: relay });
  ada.send({ id: leave, body: { case: 'leaveRoom', value: { roomId: 'left-behind' } } });
  await bob.event('peerLeft');
  const back = await resume(ada, 1);
  await back.welcomed();
  back.send({ id: first, body: relay });
  expect((await back.reply(first)).result.case).toBeUndefined();
  // One that never had an effect has none now.
  back.send({ id: leave + 1, body: relay });
  expect((await back.reply(leave + 1)).result.value).toMatchObject({ code: ErrorCode.NOT_IN_ROOM });
  expect(bob.events('relay')).toHaveLength(1);
  back.close();
});

test('S5: a member gets what came since its own join, and nothing from before it, whatever position it claims', async () => {
  const [ada, bob] = [await signIn('ada'), await signIn('bob')];
  await ada.join('history', randomUUID());
  const { room } = await bob.join('history', randomUUID());
  const joined = (await ada.event('peerJoined')).offset;
  const position = { stream: 'history', epoch: room?.head?.epoch ?? 0, offset: joined };
  const before = { ...position, offset: joined - 1 };
  const replay = async (after: typeof position) => {
    const { result } = await bob.request({ case: 'replay', value: { after } });
    return result.case === 'replaying' ? result.value.room?.outcome.case : result;
  };
  expect(await replay(before)).toBe('snapshot');
  expect(await replay(position)).toBe('recovered');
  const back = await resume(bob, 1, undefined, [before]);
  expect((await back.welcomed()).rooms).toMatchObject([{ outcome: { case: 'snapshot' } }]);
  const again = await resume(bob, 2, undefined, [position]);
  expect((await again.welcomed()).rooms).toMatchObject([{ outcome: { case: 'recovered' } }]);
  await again.settle();
  for (const client of [bob, back, again]) expect(client.events('peerJoined')).toEqual([]);
  again.close();
});
