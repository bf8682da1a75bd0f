import { expect, test } from 'vitest';
import { LeaveReason } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../../../src/client/index.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { answered, nextEvent, startSignedIn } from '../scripted-client.ts';
import {
  ann,
  epoch,
  eve,
  nextRoomEvent,
  peer,
  recordEvents,
  snapshot,
  startInRoom,
  toAll,
  topicIsTea,
} from './scripted-room.ts';

/** The room as it settles, with Eve and Ann. */
const withEve = snapshot({
  peers: [peer(ann, 2), peer(eve, 20)],
  head: { epoch, offset: 20, lastToAll: 20 },
  settling: true,
});

test('a room is left once, however often it is asked', async () => {
  const { client, connection, room } = await startInRoom();
  const heard = recordEvents(room);
  const leaving = Promise.all([room.leave(), room.leave()]);
  const { id } = await connection.expect('leaveRoom');
  connection.event(toAll(3, 2, { case: 'peerLeft', value: { peerId: ann, reason: LeaveReason.LEFT } }));
  connection.acknowledge(id);
  await leaving;
  await room.leave();
  expect(heard).toEqual(['left']);
  expect(connection.untaken).toEqual([]);
  const joining = client.join('room-1', { peerId: ann });
  const again = await connection.expect('joinRoom');
  connection.reply(again.id, { case: 'roomJoined', value: { room: snapshot() } });
  expect(await joining).not.toBe(room);
});

test('a join right after a leave is a new stay, and does not go out before the leave is answered', async () => {
  const { client, connection, room } = await startInRoom();
  const leaving = room.leave();
  const joining = client.join('room-1', { peerId: ann });
  const leave = await connection.expect('leaveRoom');
  connection.refuse(leave.id, ErrorCode.NOT_APPLIED);
  const anew = await connection.expect('leaveRoom');
  expect(anew.id).toBe(leave.id + 1);
  connection.acknowledge(anew.id);
  await leaving;
  const join = await connection.expect('joinRoom');
  connection.reply(join.id, { case: 'roomJoined', value: { room: snapshot() } });
  const again = await joining;
  expect(again).not.toBe(room);
  await answered(connection, again.updateMetadata({ topic: 'tea' }));
});

test('a leave right after a join of the same room is obeyed', async () => {
  const { client, connection, room } = await startInRoom();
  const joining = client.join('room-1', { peerId: ann });
  const leaving = room.leave();
  const join = await connection.expect('joinRoom');
  const leave = await connection.expect('leaveRoom');
  connection.reply(join.id, { case: 'roomJoined', value: { room: snapshot() } });
  connection.refuse(leave.id, ErrorCode.NOT_APPLIED);
  const left = nextRoomEvent(await joining, 'left');
  connection.acknowledge((await connection.expect('leaveRoom')).id);
  await leaving;
  expect(await left).toEqual({ reason: 'left' });
});

test('a leave that is overtaken again and again rejects, and the client is in the room still', async () => {
  const { connection, room } = await startInRoom();
  const leaving = room.leave();
  for (let asked = 0; asked < 4; asked += 1) {
    connection.refuse((await connection.expect('leaveRoom')).id, ErrorCode.NOT_APPLIED);
  }
  await expect(leaving).rejects.toMatchObject({ code: ErrorCode.NOT_APPLIED });
  await answered(connection, room.updateMetadata({ topic: 'tea' }));
  expect(connection.untaken).toEqual([]);
});

test('a room that was asked for when the client left it announces nobody, and is not asked for again', async () => {
  const clock = new FakeClock();
  const { connection, room } = await startInRoom({ clock });
  const heard = recordEvents(room);
  const timers = clock.pending;
  const refreshing = room.refresh();
  const { id } = await connection.expect('getRoom');
  const left = nextRoomEvent(room, 'left');
  connection.event(toAll(3, 2, { case: 'peerLeft', value: { peerId: ann, reason: LeaveReason.KICKED } }));
  await left;
  connection.reply(id, { case: 'room', value: withEve });
  await refreshing;
  expect(heard).toEqual(['left']);
  expect(clock.pending).toBe(timers);
});

test('a room that was to start again when the client left it does not', async () => {
  const clock = new FakeClock();
  const { client, connection, room } = await startInRoom({ clock });
  const heard = recordEvents(room);
  const timers = clock.pending;
  for (let offset = 10; offset < 13; offset += 1) {
    connection.event(topicIsTea(offset, offset - 1));
    const refused = nextEvent(client, 'error');
    connection.refuse((await connection.expect('replay')).id, ErrorCode.UNAVAILABLE);
    await refused;
  }
  connection.event(topicIsTea(13, 12));
  const { id } = await connection.expect('getRoom');
  const leaving = room.leave();
  connection.reply((await connection.expect('leaveRoom')).id, { case: undefined });
  await leaving;
  connection.reply(id, { case: 'room', value: withEve });
  await expect.poll(() => clock.pending).toBe(timers);
  expect(heard).toEqual(['left']);
});

test('a join that nobody waits for any more does not leave the client in the room', async () => {
  const { client, connection } = await startSignedIn({ requestTimeoutMs: 20 });
  const late = expect(client.join('room-1', { peerId: ann })).rejects.toMatchObject({
    code: ErrorCode.DEADLINE_EXCEEDED,
  });
  const { id } = await connection.expect('joinRoom');
  await late;
  connection.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  expect((await connection.expect('leaveRoom')).value.roomId).toBe('room-1');
});

test('a join that came too late does not put out a client that has asked again', async () => {
  const { client, connection } = await startSignedIn({ requestTimeoutMs: 50 });
  const late = expect(client.join('room-1', { peerId: ann })).rejects.toMatchObject({
    code: ErrorCode.DEADLINE_EXCEEDED,
  });
  const first = await connection.expect('joinRoom');
  await late;
  const joining = client.join('room-1', { peerId: ann });
  const second = await connection.expect('joinRoom');
  connection.reply(first.id, { case: 'roomJoined', value: { room: snapshot() } });
  connection.reply(second.id, { case: 'roomJoined', value: { room: snapshot() } });
  await answered(connection, (await joining).updateMetadata({ topic: 'tea' }));
});
