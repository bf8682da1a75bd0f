import { expect, test } from 'vitest';
import { LeaveReason, RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../../../src/client/index.ts';
import { type Clock, systemClock } from '../../../../src/shared/clock.ts';
import { answered, nextEvent, startSignedIn } from '../scripted-client.ts';
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
} from './scripted-room.ts';

test('L1: a join gives the room as the snapshot has it', async () => {
  const { client, connection } = await startSignedIn();
  const joining = client.join('room-1', { attributes: { seat: '4' }, joinToken: 'jwt' });
  const { id, value } = await connection.expect('joinRoom');
  expect(value).toMatchObject({ roomId: 'room-1', attributes: { seat: '4' }, joinToken: 'jwt' });
  expect(value.peerId).toBe('');
  const room = snapshot({
    mode: RoomMode.P2P,
    metadata: { topic: 'tea' },
    modules: [{ moduleId: 'poll', activatedBy: bob, state: new Uint8Array([1]) }],
  });
  connection.reply(id, { case: 'roomJoined', value: { created: true, room } });
  const joined = await joining;
  expect(joined).toMatchObject({
    id: 'room-1',
    created: true,
    createdAt: new Date(5_000),
    mode: 'p2p',
    metadata: { topic: 'tea' },
    modules: [{ moduleId: 'poll', activatedBy: bob }],
    ownPeerId: ann,
    self: { peerId: ann, isSelf: true },
  });
  expect([...joined.peers.values()].map(({ peerId, isSelf }) => [peerId, isSelf])).toEqual([
    [bob, false],
    [ann, true],
  ]);
});

test('a join that is refused rejects with the code and the reason', async () => {
  const { client, connection } = await startSignedIn();
  const joining = client.join('room-1');
  const { id } = await connection.expect('joinRoom');
  const error = { code: ErrorCode.JOIN_DENIED, message: 'policy', reason: 'members only' };
  connection.reply(id, { case: 'error', value: error });
  await expect(joining).rejects.toMatchObject({ code: ErrorCode.JOIN_DENIED, reason: 'members only' });
});

test('joining again gives the same room', async () => {
  const { client, connection, room } = await startInRoom();
  const joining = client.join('room-1', { peerId: ann });
  const { id } = await connection.expect('joinRoom');
  connection.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  expect(await joining).toBe(room);
});

test('L1: peers, attributes, metadata, mode and modules follow the events of the room', async () => {
  const { connection, room } = await startInRoom();
  const heard = recordEvents(room);
  const last = nextRoomEvent(room, 'peer_left');
  connection.events(
    eveJoins,
    toAll(4, 3, { case: 'peerUpdated', value: { peerId: eve, attributes: { hand: 'up' } } }),
    toAll(5, 4, { case: 'roomUpdated', value: { metadata: { topic: 'tea' }, changedBy: eve } }),
    toAll(6, 5, { case: 'modeChanged', value: { mode: RoomMode.SFU } }),
    toAll(7, 6, { case: 'moduleActivated', value: { moduleId: 'poll', activatedBy: eve } }),
    toAll(8, 7, { case: 'moduleDeactivated', value: { moduleId: 'poll' } }),
    toAll(9, 8, { case: 'peerLeft', value: { peerId: bob, reason: LeaveReason.KICKED } }),
  );
  expect(await last).toMatchObject({ peer: { peerId: bob }, reason: 'kicked' });
  expect(heard).toEqual([
    'peer_joined',
    'peer_updated',
    'updated',
    'updated',
    'updated',
    'updated',
    'peer_left',
  ]);
  expect([...room.peers.keys()]).toEqual([ann, eve]);
  expect(room.peers.get(eve)).toMatchObject({ attributes: { hand: 'up' }, joinedOffset: 3 });
  expect(room).toMatchObject({ metadata: { topic: 'tea' }, mode: 'sfu', modules: [] });
});

test('what is asked of a room resolves when it is acknowledged', async () => {
  const { connection, room } = await startInRoom();
  await answered(connection, room.updateMetadata({ topic: 'tea' }));
  await answered(connection, room.updateAttributes({ hand: 'up' }));
  await answered(connection, room.kick(bob));
  await answered(connection, room.close());
  const denied = room.kick(eve);
  const { id } = await connection.expect('kickPeer');
  connection.refuse(id, ErrorCode.PERMISSION_DENIED);
  await expect(denied).rejects.toMatchObject({ code: ErrorCode.PERMISSION_DENIED });
});

test('L1: offers, answers, candidates and signals go to one peer, and come from one', async () => {
  const { connection, room } = await startInRoom();
  const offering = room.sendOffer(bob, { sdp: 'v=0', negotiation: 3 });
  const offer = await connection.expect('relay');
  expect(offer.value).toMatchObject({
    roomId: 'room-1',
    to: bob,
    body: { kind: { case: 'offer', value: { sdp: 'v=0', negotiation: 3 } } },
  });
  const candidates = [{ candidate: 'c', sdpMid: '0', sdpMLineIndex: null }];
  const sending = room.sendCandidates(bob, { candidates, endOfCandidates: true });
  const batch = await connection.expect('relay');
  const sent = batch.value.body?.kind;
  expect(sent?.value).toMatchObject({ endOfCandidates: true, candidates: [{ candidate: 'c', sdpMid: '0' }] });
  connection.acknowledge(batch.id);
  await Promise.all([offering, sending]);

  const heard: unknown[] = [];
  for (const name of ['offer', 'answer', 'candidates', 'signal'] as const) {
    room.on(name, (payload) => heard.push([name, payload]));
  }
  const last = nextRoomEvent(room, 'signal');
  const relay = { from: bob, correlationId: 'c-1' };
  const data = new Uint8Array([1, 2]);
  connection.events(
    toSelf(3, 0, 2, {
      case: 'relay',
      value: { ...relay, body: { kind: { case: 'offer', value: { sdp: 'a' } } } },
    }),
    toSelf(4, 3, 2, {
      case: 'relay',
      value: { ...relay, body: { kind: { case: 'answer', value: { sdp: 'b', negotiation: 2 } } } },
    }),
    toSelf(5, 4, 2, {
      case: 'relay',
      value: {
        ...relay,
        body: { kind: { case: 'candidates', value: { candidates: [{ candidate: 'c' }] } } },
      },
    }),
    toSelf(6, 5, 2, {
      case: 'relay',
      value: { ...relay, body: { kind: { case: 'signal', value: { type: 't', data } } } },
    }),
  );
  await last;
  const none = { sdpMid: null, sdpMLineIndex: null, usernameFragment: null };
  expect(heard).toEqual([
    ['offer', { ...relay, sdp: 'a', negotiation: 0 }],
    ['answer', { ...relay, sdp: 'b', negotiation: 2 }],
    [
      'candidates',
      { ...relay, candidates: [{ candidate: 'c', ...none }], endOfCandidates: false, negotiation: 0 },
    ],
    ['signal', { ...relay, type: 't', data }],
  ]);
});

test('what a peer says before anybody listens waits for the first listener, unless the peer leaves', async () => {
  const { connection, room } = await startInRoom();
  const signal = (from: string, type: string) => ({
    case: 'relay' as const,
    value: { from, body: { kind: { case: 'signal' as const, value: { type } } } },
  });
  const left = nextRoomEvent(room, 'peer_left');
  connection.events(
    eveJoins,
    toSelf(4, 0, 3, signal(bob, 'one')),
    toSelf(5, 4, 3, signal(eve, 'two')),
    toSelf(6, 5, 3, signal(eve, 'three')),
    toAll(7, 3, { case: 'peerLeft', value: { peerId: bob } }),
  );
  await left;
  const heard: string[] = [];
  room.on('signal', ({ type }) => heard.push(type));
  expect(heard).toEqual([]);
  await Promise.resolve();
  expect(heard).toEqual(['two', 'three']);
});

test('a room that is closed takes leave of everyone, and is over', async () => {
  const { connection, room } = await startInRoom();
  const heard = recordEvents(room);
  const left = nextRoomEvent(room, 'left');
  connection.event(toAll(3, 2, { case: 'roomClosed', value: { reason: 'done', peerIds: [bob, ann] } }));
  expect(await left).toEqual({ reason: 'room_closed' });
  expect(heard).toEqual(['peer_left', 'closed', 'left']);
  await expect(room.updateMetadata({})).rejects.toMatchObject({ code: ErrorCode.NOT_IN_ROOM });
  expect(() => room.call()).toThrow('not in the room');
});

test('a client that is put out of the room hears why', async () => {
  const { connection, room } = await startInRoom();
  const left = nextRoomEvent(room, 'left');
  connection.event(toAll(3, 2, { case: 'peerLeft', value: { peerId: ann, reason: LeaveReason.KICKED } }));
  expect(await left).toEqual({ reason: 'kicked' });
});

test('P3: a hole in the stream is filled before later events are heard', async () => {
  const { connection, room } = await startInRoom();
  const heard: string[] = [];
  room.on('peer_joined', ({ peerId }) => heard.push(peerId));
  room.on('updated', () => heard.push('updated'));
  const filled = nextRoomEvent(room, 'updated');
  const later = topicIsTea(4, 3);
  connection.event(later);
  const { id, value } = await connection.expect('replay');
  expect(value.after).toMatchObject({ stream: 'room-1', epoch, offset: 2 });
  const recovered = { case: 'recovered' as const, value: { stream: 'room-1', epoch, offset: 2 } };
  connection.reply(id, { case: 'replaying', value: { room: { roomId: 'room-1', outcome: recovered } } });
  connection.events(eveJoins, later);
  await filled;
  expect(heard).toEqual([eve, 'updated']);
});

test('a hole that can not be filled starts the room again from a snapshot, and says so', async () => {
  const { connection, room } = await startInRoom();
  const heard = recordEvents(room);
  const reset = nextRoomEvent(room, 'reset');
  connection.event(topicIsTea(9, 8));
  const { id } = await connection.expect('replay');
  const now = snapshot({ peers: [peer(ann, 2), peer(eve, 5)], head: { epoch, offset: 9, lastToAll: 9 } });
  connection.reply(id, {
    case: 'replaying',
    value: { room: { roomId: 'room-1', outcome: { case: 'snapshot', value: now } } },
  });
  expect(await reset).toEqual({ recovered: false });
  expect(heard).toEqual(['peer_left', 'peer_joined', 'reset']);
  expect([...room.peers.keys()]).toEqual([ann, eve]);
});

test('refresh announces what differed, and does not drop events that are still on their way', async () => {
  const { connection, room } = await startInRoom();
  const heard = recordEvents(room);
  const refreshing = room.refresh();
  const { id } = await connection.expect('getRoom');
  const now = snapshot({
    metadata: { topic: 'tea' },
    peers: [peer(bob, 1), peer(ann, 2), peer(eve, 3)],
    head: { epoch, offset: 5, lastToAll: 3 },
  });
  connection.reply(id, { case: 'room', value: now });
  await refreshing;
  expect(heard).toEqual(['peer_joined', 'updated']);
  const offered = nextRoomEvent(room, 'offer');
  connection.events(
    eveJoins,
    toSelf(4, 0, 3, {
      case: 'relay',
      value: { from: eve, body: { kind: { case: 'offer', value: { sdp: 'a' } } } },
    }),
  );
  expect(await offered).toMatchObject({ from: eve });
  expect(heard).toEqual(['peer_joined', 'updated']);
});

test('S6: refresh takes the room also where it went on in another epoch since', async () => {
  const { connection, room } = await startInRoom();
  const refreshing = room.refresh();
  const { id } = await connection.expect('getRoom');
  const head = { epoch: epoch + 1, offset: 2, lastToAll: 2 };
  connection.reply(id, { case: 'room', value: snapshot({ metadata: { topic: 'tea' }, head }) });
  await refreshing;
  expect(room.metadata).toEqual({ topic: 'tea' });
});

test('refresh leaves alone what events have made newer meanwhile', async () => {
  const { connection, room } = await startInRoom();
  const refreshing = room.refresh();
  const { id } = await connection.expect('getRoom');
  connection.event(eveJoins);
  connection.reply(id, { case: 'room', value: snapshot() });
  await refreshing;
  expect([...room.peers.keys()]).toEqual([bob, ann, eve]);
});

test("a room's listener that throws is reported by the client", async () => {
  const { client, connection, room } = await startInRoom();
  const error = nextEvent(client, 'error');
  room.on('updated', () => {
    throw new Error('mine');
  });
  connection.event(topicIsTea(3, 2));
  expect(await error).toMatchObject({ cause: new Error('mine') });
});

test('requests that the server dropped reject, with one warning that names them', async () => {
  const { client, connection, room } = await startInRoom();
  const warning = nextEvent(client, 'warning');
  const sent = [room.sendCandidates(bob, { candidates: [] }), room.sendCandidates(bob, { candidates: [] })];
  const ids = [(await connection.next()).id, (await connection.next()).id];
  connection.control({ case: 'dropped', value: { ids, error: { code: ErrorCode.RATE_LIMITED } } });
  for (const each of sent) await expect(each).rejects.toMatchObject({ code: ErrorCode.RATE_LIMITED });
  expect(await warning).toMatchObject({ ids, error: { code: ErrorCode.RATE_LIMITED } });
});

test('S5: what the server had lost and has again starts the room anew, and nobody who is there leaves', async () => {
  const { connection, room } = await startInRoom();
  const heard = recordEvents(room);
  connection.control({
    case: 'roomSettled',
    value: { roomId: 'room-1', outcome: { case: 'settling', value: true } },
  });
  const kept = room.sendSignal(bob, { type: 'kept back', data: new Uint8Array() });
  const reset = nextRoomEvent(room, 'reset');
  const back = (peerId: string, joinedOffset: number) => ({ ...peer(peerId, joinedOffset), joinedOffset: 9 });
  const now = snapshot({ peers: [back(bob, 1), back(ann, 2)], head: { epoch: 8, offset: 9, lastToAll: 9 } });
  connection.control({
    case: 'roomSettled',
    value: { roomId: 'room-1', outcome: { case: 'snapshot', value: now } },
  });
  expect(await reset).toEqual({ recovered: false });
  await answered(connection, kept);
  expect(heard).toEqual(['reset']);
  expect(room.peers.get(bob)?.joinedOffset).toBe(9);
});

test('S5: who is missing while a room settles stays until the room is asked for again', async () => {
  const clock: Clock = {
    ...{ now: () => systemClock.now(), monotonicMs: () => systemClock.monotonicMs() },
    // The pause of a room that is settling is over at once.
    after: (ms, done) => systemClock.after(ms === 5_000 ? 1 : ms, done),
  };
  const { connection, room } = await startInRoom({ clock });
  const heard = recordEvents(room);
  const head = { epoch: 8, offset: 4, lastToAll: 4 };
  const alone = { peers: [peer(ann, 2)], head };
  connection.control({
    case: 'roomSettled',
    value: { roomId: 'room-1', outcome: { case: 'snapshot', value: snapshot({ ...alone, settling: true }) } },
  });
  const still = await connection.expect('getRoom');
  expect(heard).toEqual(['reset']);
  expect([...room.peers.keys()].sort()).toEqual([ann, bob]);
  const left = nextRoomEvent(room, 'peer_left');
  connection.reply(still.id, { case: 'room', value: snapshot({ ...alone, settling: true }) });
  const { id } = await connection.expect('getRoom');
  expect(heard).toEqual(['reset']);
  connection.reply(id, { case: 'room', value: snapshot(alone) });
  expect((await left).peer.peerId).toBe(bob);
  expect([...room.peers.keys()]).toEqual([ann]);
});
