import type { MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import type { ResumedRoomSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode } from '../../../src/client/index.ts';
import {
  ann,
  bob,
  epoch,
  eve,
  eveJoins,
  nextRoomEvent,
  peer,
  recordEvents,
  snapshot,
  startInRoom,
  toAll,
  topicIsTea,
  toSelf,
} from './room/scripted-room.ts';
import { answered, nextEvent, startSignedIn } from './scripted-client.ts';
import type { ScriptedConnection, ScriptedServer } from './scripted-server.ts';

const quick = { retry: { firstDelayMs: 1 } };

type Outcome = MessageInitShape<typeof ResumedRoomSchema>['outcome'] & {};

/** The connection is lost, and comes back with this for the room. */
async function comeBack(server: ScriptedServer, connection: ScriptedConnection, outcome?: Outcome) {
  connection.terminate();
  const again = await server.connection();
  const { value } = await again.expect('hello');
  again.welcome({ resumed: true, rooms: outcome === undefined ? [] : [{ roomId: 'room-1', outcome }] });
  return { again, positions: value.resume?.positions ?? [] };
}

/** The connection is lost, and its session with it. */
async function comeBackAnew(server: ScriptedServer, connection: ScriptedConnection) {
  connection.terminate();
  return await server.signedIn({ sessionId: 'session-2', sessionSecret: 'secret-2' });
}

const recovered: Outcome = { case: 'recovered', value: { stream: 'room-1', epoch, offset: 3 } };

test('S5: a client that comes back hears what it missed, once and in order, and nobody else notices', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  const heard = recordEvents(room);
  const first = nextRoomEvent(room, 'peer_joined');
  connection.event(eveJoins);
  await first;
  const resumed = nextEvent(client, 'resumed');
  const { again, positions } = await comeBack(server, connection, recovered);
  expect(positions).toMatchObject([{ stream: 'room-1', epoch, offset: 3 }]);
  expect(await resumed).toEqual({ recovered: true });
  const left = nextRoomEvent(room, 'peer_left');
  again.events(eveJoins, topicIsTea(4, 3), toAll(5, 4, { case: 'peerLeft', value: { peerId: eve } }));
  await left;
  expect(heard).toEqual(['peer_joined', 'updated', 'peer_left']);
});

test('S5: each connection for a session has a higher number, so that one that was given up takes nothing over', async () => {
  const { server, client, connection } = await startSignedIn({ ...quick, connectTimeoutMs: 50 });
  const attempts: (number | undefined)[] = [];
  const nextHello = async () => {
    const next = await server.connection();
    attempts.push((await next.expect('hello')).value.resume?.attempt);
    return next;
  };
  connection.terminate();
  // Not welcomed in time: the client gives it up.
  await nextHello();
  const second = await nextHello();
  second.welcome({ resumed: true });
  await nextEvent(client, 'resumed');
  second.terminate();
  const third = await nextHello();
  third.welcome({ sessionId: 'session-2', sessionSecret: 'secret-2' });
  await nextEvent(client, 'resumed');
  third.terminate();
  await nextHello();
  expect(attempts).toEqual([1, 2, 3, 1]);
});

test('S5, N4: what was in flight as the store lost what the room remembered is not sent again, and its outcome unknown', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const say = () => room.sendSignal(bob, { type: 'one', data: new Uint8Array() });
  const lost = say();
  const { id } = await connection.expect('relay');
  const value = snapshot({ head: { epoch: epoch + 1, offset: 2, lastToAll: 2 } });
  const { again } = await comeBack(server, connection, { case: 'snapshot', value });
  await expect(lost).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN, retryable: false });
  const next = say();
  const { id: nextId } = await again.expect('relay');
  expect(nextId).toBe(id + 1);
  again.acknowledge(nextId);
  await next;
});

test('S5: what was in flight is sent again where only the log of the room did not reach back', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const sent = room.sendSignal(bob, { type: 'one', data: new Uint8Array() });
  const { id } = await connection.expect('relay');
  const value = snapshot({ head: { epoch, offset: 9, lastToAll: 2 } });
  const { again } = await comeBack(server, connection, { case: 'snapshot', value });
  expect((await again.expect('relay')).id).toBe(id);
  again.acknowledge(id);
  await sent;
});

test('S5: requests in flight are answered once, over the connection that was lost or the next', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const sent = ['one', 'two', 'three'].map((type) => room.sendSignal(bob, { type, data: new Uint8Array() }));
  const ids: number[] = [];
  for (const _ of sent) ids.push((await connection.expect('relay')).id);
  connection.acknowledge(ids[0] ?? 0);
  await sent[0];
  const { again } = await comeBack(server, connection, recovered);
  const second = await again.expect('relay');
  const third = await again.expect('relay');
  expect([second.id, third.id]).toEqual(ids.slice(1));
  expect(second.value.body?.kind.value).toMatchObject({ type: 'two' });
  again.acknowledge(third.id);
  await Promise.all(sent);
});

test('S5: a heartbeat tells how far a quiet client was served, and a resume goes on from there', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  client.hintReconnect();
  const { id } = await connection.expect('heartbeat');
  const delivered = [{ stream: 'room-1', epoch, offset: 40 }];
  connection.reply(id, { case: 'heartbeat', value: { delivered } });
  await answered(connection, room.updateMetadata({}));
  const { positions } = await comeBack(server, connection, recovered);
  expect(positions).toMatchObject([{ offset: 40 }]);
});

test('S6: who is quiet as Redis fails over comes back from where the room then went on', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  client.hintReconnect();
  const { id } = await connection.expect('heartbeat');
  const delivered = [{ stream: 'room-1', epoch: epoch + 1, offset: 2 }];
  connection.reply(id, { case: 'heartbeat', value: { delivered } });
  await answered(connection, room.updateMetadata({}));
  const { positions } = await comeBack(server, connection, recovered);
  expect(positions).toMatchObject([{ epoch: epoch + 1, offset: 2 }]);
});

test('S5: a hole that is open when the connection is lost is closed by the resume, without an error', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  const errors: unknown[] = [];
  client.on('error', (error) => errors.push(error));
  const heard: string[] = [];
  room.on('peer_joined', ({ peerId }) => heard.push(peerId));
  room.on('updated', () => heard.push('updated'));
  const updated = topicIsTea(4, 3);
  connection.event(updated);
  await connection.expect('replay');
  const { again, positions } = await comeBack(server, connection, recovered);
  expect(positions).toMatchObject([{ offset: 2 }]);
  const last = nextRoomEvent(room, 'updated');
  again.events(eveJoins, updated);
  await last;
  expect(heard).toEqual([eve, 'updated']);
  expect(errors).toEqual([]);
  expect(again.untaken).toEqual([]);
});

test('S5: a room that could not be kept starts again from its snapshot, and says so', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  const heard = recordEvents(room);
  const resumed = nextEvent(client, 'resumed');
  const reset = nextRoomEvent(room, 'reset');
  const value = snapshot({
    peers: [peer(ann, 2), peer(eve, 8)],
    metadata: { topic: 'tea' },
    head: { epoch: 9, offset: 8, lastToAll: 8 },
  });
  const { again } = await comeBack(server, connection, { case: 'snapshot', value });
  expect(await resumed).toEqual({ recovered: false });
  expect(await reset).toEqual({ recovered: false });
  expect(heard).toEqual(['peer_left', 'peer_joined', 'updated', 'reset']);
  const left = nextRoomEvent(room, 'peer_left');
  const event = toAll(9, 8, { case: 'peerLeft', value: { peerId: eve } });
  again.event({ ...event, epoch: 9 });
  await left;
});

test('a room that the session is no longer in is over', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const left = nextRoomEvent(room, 'left');
  await comeBack(server, connection, { case: 'error', value: { code: ErrorCode.KICKED, message: 'out' } });
  expect(await left).toMatchObject({ reason: 'kicked', error: { message: 'out' } });
  const other = await startInRoom(quick);
  const otherLeft = nextRoomEvent(other.room, 'left');
  await comeBack(other.server, other.connection);
  expect(await otherLeft).toMatchObject({ reason: 'unknown', error: { code: ErrorCode.NOT_IN_ROOM } });
});

test('a room that is settling keeps its requests until it has settled', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  const resumed = nextEvent(client, 'resumed');
  const { again } = await comeBack(server, connection, { case: 'settling', value: true });
  await resumed;
  const updating = room.updateMetadata({ topic: 'tea' });
  client.hintReconnect();
  await again.expect('heartbeat');
  again.control({ case: 'roomSettled', value: { roomId: 'room-1', outcome: recovered } });
  await answered(again, updating);
});

test('S5: when its session has ended, the client goes into its rooms again, as the same peer', async () => {
  const { server, client, connection, room } = await startInRoom(quick);
  await answered(connection, room.updateAttributes({}));
  const updated = nextRoomEvent(room, 'peer_updated');
  connection.event(toAll(3, 2, { case: 'peerUpdated', value: { peerId: ann, attributes: { hand: 'up' } } }));
  await updated;
  const inFlight = room.sendSignal(bob, { type: 'lost', data: new Uint8Array() });
  await connection.expect('relay');
  const resumed = nextEvent(client, 'resumed');
  const reset = nextRoomEvent(room, 'reset');
  const again = await comeBackAnew(server, connection);
  await expect(inFlight).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  expect(await resumed).toEqual({ recovered: false });
  const waits = room.sendSignal(bob, { type: 'waits', data: new Uint8Array() });
  const { id, value } = await again.expect('joinRoom');
  expect(id).toBe(1);
  expect(value).toMatchObject({ roomId: 'room-1', peerId: ann, attributes: { hand: 'up' } });
  const room2 = snapshot({
    peers: [peer(bob, 1), peer(ann, 6)],
    head: { epoch, offset: 6, lastToAll: 6, lastToReceiver: 0 },
  });
  again.reply(id, { case: 'roomJoined', value: { room: room2 } });
  again.event(
    toSelf(7, 0, 6, { case: 'relay', value: { from: bob, body: { kind: { case: 'offer', value: {} } } } }),
  );
  expect(await nextRoomEvent(room, 'offer')).toMatchObject({ from: bob });
  await reset;
  expect((await again.expect('relay')).value.body?.kind.value).toMatchObject({ type: 'waits' });
  again.acknowledge(2);
  await waits;
});

test('a peer id that the session of before still holds is exchanged for a new one', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const again = await comeBackAnew(server, connection);
  const taken = await again.expect('joinRoom');
  again.refuse(taken.id, ErrorCode.PEER_ID_TAKEN);
  const { id, value } = await again.expect('joinRoom');
  expect(value.peerId).toBe('');
  const reset = nextRoomEvent(room, 'reset');
  const peers = [peer(bob, 1), peer(ann, 2), peer(eve, 6)];
  again.reply(id, { case: 'roomJoined', value: { room: snapshot({ ownPeerId: eve, peers }) } });
  await reset;
  expect(room.ownPeerId).toBe(eve);
  expect(room.self?.isSelf).toBe(true);
});

test('a join on the way back that was overtaken is asked anew', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const reset = nextRoomEvent(room, 'reset');
  const again = await comeBackAnew(server, connection);
  again.refuse((await again.expect('joinRoom')).id, ErrorCode.NOT_APPLIED);
  const { id, value } = await again.expect('joinRoom');
  expect(value).toMatchObject({ roomId: 'room-1', peerId: ann });
  again.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  await reset;
  await answered(again, room.updateMetadata({ topic: 'tea' }));
});

test('a room that does not take the client again is over, and what waited for it rejects', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const left = nextRoomEvent(room, 'left');
  const again = await comeBackAnew(server, connection);
  const busy = await again.expect('joinRoom');
  const waits = room.sendSignal(bob, { type: 'waits', data: new Uint8Array() });
  again.refuse(busy.id, ErrorCode.DIRECTORY_UNAVAILABLE);
  const { id } = await again.expect('joinRoom');
  again.refuse(id, ErrorCode.ROOM_NOT_FOUND);
  expect(await left).toMatchObject({ reason: 'unknown', error: { code: ErrorCode.ROOM_NOT_FOUND } });
  await expect(waits).rejects.toMatchObject({ code: ErrorCode.ROOM_NOT_FOUND });
});

test('a client that is lost on its way into a room again goes on with the next connection', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const again = await comeBackAnew(server, connection);
  await again.expect('joinRoom');
  again.terminate();
  const third = await server.connection();
  const { value } = await third.expect('hello');
  expect(value.resume).toMatchObject({ sessionId: 'session-2', positions: [] });
  third.welcome({ sessionId: 'session-2', sessionSecret: 'secret-2', resumed: true });
  const { id } = await third.expect('joinRoom');
  const reset = nextRoomEvent(room, 'reset');
  third.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  await reset;
});

test('events that come before the answer to a join that was sent again are not lost', async () => {
  const { server, client, connection } = await startSignedIn(quick);
  const joining = client.join('room-1', { peerId: ann });
  await connection.expect('joinRoom');
  const { again } = await comeBack(server, connection, { case: 'snapshot', value: snapshot() });
  const { id } = await again.expect('joinRoom');
  again.event(eveJoins);
  again.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  expect([...(await joining).peers.keys()]).toEqual([bob, ann, eve]);
});

test('a join that was in flight when its session ended is asked again', async () => {
  const { server, client, connection } = await startSignedIn(quick);
  const joining = client.join('room-1', { peerId: ann });
  await connection.expect('joinRoom');
  const again = await comeBackAnew(server, connection);
  const { id } = await again.expect('joinRoom');
  again.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  expect((await joining).id).toBe('room-1');
});

test('a leave that was in flight when its session ended has happened', async () => {
  const { server, connection, room } = await startInRoom(quick);
  const left = nextRoomEvent(room, 'left');
  const leaving = room.leave();
  await connection.expect('leaveRoom');
  const again = await comeBackAnew(server, connection);
  await leaving;
  expect(await left).toEqual({ reason: 'left' });
  expect(again.untaken).toEqual([]);
});

test("S5: events of the user's inbox are heard once, and their position is resumed", async () => {
  const { server, client, connection } = await startSignedIn(quick);
  const notification = (offset: number, previousToAll: number, id: bigint) => ({
    stream: '',
    epoch,
    offset,
    previous: previousToAll,
    previousToAll,
    body: { case: 'notification' as const, value: { id } },
  });
  const heard: bigint[] = [];
  client.on('event', ({ body }) => {
    if (body.case === 'notification') heard.push(body.value.id);
  });
  const first = nextEvent(client, 'event');
  connection.event(notification(20, 12, 1n));
  await first;
  connection.terminate();
  const again = await server.connection();
  const { value } = await again.expect('hello');
  expect(value.resume?.positions).toMatchObject([{ stream: '', epoch, offset: 20 }]);
  again.welcome({ resumed: true });
  const next = nextEvent(client, 'event');
  again.events(notification(20, 12, 1n), notification(21, 20, 2n));
  await next;
  expect(heard).toEqual([1n, 2n]);
  // Another session has an inbox that begins anywhere.
  const third = await comeBackAnew(server, again);
  const last = nextEvent(client, 'event');
  third.event({ ...notification(4, 3, 3n), epoch: 9 });
  expect((await last).offset).toBe(4);
  expect(third.untaken).toEqual([]);
});
