import wrtc from '@roamhq/wrtc';
import { expect, onTestFinished, test } from 'vitest';
import type { Call, CallEvents, CallOptions, ClientOptions, Room } from '../../../../src/client/index.ts';
import { connect, connectLossy, startServer } from '../real-server.ts';
import { newAudioTrack } from './pair.ts';

const { RTCPeerConnection } = wrtc;
const chat = { RTCPeerConnection, dataChannels: [{ label: 'chat' }] };

function callIn(room: Room, options: CallOptions = chat): Call {
  const call = room.call(options);
  onTestFinished(() => call.close());
  return call;
}

async function nextCallEvent<Name extends keyof CallEvents>(
  call: Call,
  event: Name,
  matches: (payload: CallEvents[Name]) => boolean = () => true,
): Promise<CallEvents[Name]> {
  return await new Promise((resolve) => {
    const stop = call.on(event, (payload) => {
      if (!matches(payload)) return;
      stop();
      resolve(payload);
    });
  });
}

/** Resolves when the call is connected to this many peers. */
async function connectedTo(call: Call, count: number): Promise<void> {
  const states = () =>
    [...call.peers.values()].filter(({ connectionState }) => connectionState === 'connected');
  while (states().length < count) await nextCallEvent(call, 'peer_state');
}

/** A server with Ann, whose connection can be cut, and Bob, both in one room, with calls that are connected to each other. */
async function startCallOfTwo(env: Record<string, string> = {}, annOptions: Partial<ClientOptions> = {}) {
  const server = await startServer(env);
  const { client: ann, lose } = await connectLossy(server, 'ann', annOptions);
  const bob = await connect(server, 'bob');
  const room = await ann.join('room-1');
  const call = callIn(room);
  const otherRoom = await bob.join('room-1');
  const other = callIn(otherRoom);
  await Promise.all([connectedTo(call, 1), connectedTo(other, 1)]);
  return { ann, lose, room, call, otherRoom, other };
}

/** What comes next on a peer's channel. */
async function nextMessage(call: Call, peerId: string, label = 'chat'): Promise<unknown> {
  const known = call.peers.get(peerId)?.dataChannels.get(label);
  const channel =
    known ?? (await nextCallEvent(call, 'data_channel', (event) => event.peerId === peerId)).channel;
  return await new Promise((resolve) => channel.addEventListener('message', ({ data }) => resolve(data)));
}

async function openChannel(call: Call, peerId: string, label = 'chat'): Promise<RTCDataChannel> {
  const known = call.peers.get(peerId)?.dataChannels.get(label);
  const channel =
    known ?? (await nextCallEvent(call, 'data_channel', (event) => event.peerId === peerId)).channel;
  if (channel.readyState !== 'open')
    await new Promise((resolve) => channel.addEventListener('open', resolve));
  return channel;
}

test('L1: three clients of a server form a mesh, and each hears the two others', async () => {
  const server = await startServer();
  const rooms: Room[] = [];
  for (const name of ['ann', 'bob', 'eve']) {
    const client = await connect(server, name);
    rooms.push(await client.join('room-1'));
  }
  const calls = rooms.map((room) => callIn(room));
  const heard = calls.flatMap((call, index) =>
    rooms.filter((_, other) => other !== index).map(({ ownPeerId }) => nextMessage(call, ownPeerId)),
  );
  for (const [index, call] of calls.entries()) {
    for (const [other, { ownPeerId }] of rooms.entries()) {
      if (other !== index) (await openChannel(call, ownPeerId)).send(`from ${index}`);
    }
  }
  expect((await Promise.all(heard)).sort()).toEqual([
    'from 0',
    'from 0',
    'from 1',
    'from 1',
    'from 2',
    'from 2',
  ]);
  await Promise.all(calls.map((call) => connectedTo(call, 2)));
  const peer = calls[0]?.peers.get(rooms[1]?.ownPeerId ?? '');
  expect(peer).toMatchObject({ connectionState: 'connected' });
  const stats: string[] = [];
  (await peer?.getStats())?.forEach((stat: { type: string }) => stats.push(stat.type));
  expect(stats).toContain('transport');
});

test('L1: both sides offer their media at once, and each gets the stream of the other', async () => {
  const server = await startServer();
  const [ann, bob] = await Promise.all(['ann', 'bob'].map((name) => connect(server, name)));
  const room = await ann?.join('room-1');
  const other = await bob?.join('room-1');
  if (room === undefined || other === undefined) throw new Error('no room');
  const streams = [room, other].map((each) => {
    const localStream = new wrtc.MediaStream([newAudioTrack()]);
    const call = callIn(each, { RTCPeerConnection, localStream });
    return nextCallEvent(call, 'stream').then((event) => [event.peerId, event.stream.id, localStream.id]);
  });
  const [toAnn, toBob] = await Promise.all(streams);
  expect(toAnn?.slice(0, 2)).toEqual([other.ownPeerId, toBob?.[2]]);
  expect(toBob?.slice(0, 2)).toEqual([room.ownPeerId, toAnn?.[2]]);
});

test('P3: an offer waits for a call that begins later, and the call connects', async () => {
  const server = await startServer();
  const [ann, bob] = [await connect(server, 'ann'), await connect(server, 'bob')];
  const room = await ann.join('room-1');
  const call = callIn(room);
  const other = await bob.join('room-1');
  // Bob's camera takes its time: the offer is there before his call.
  await new Promise<void>((resolve) => {
    other.on('event', ({ body }) => {
      if (body.case === 'relay') resolve();
    });
  });
  const late = callIn(other);
  (await openChannel(call, other.ownPeerId)).send('hello');
  expect(await nextMessage(late, room.ownPeerId)).toBe('hello');
});

test('tracks may be added, replaced, muted and removed while the call goes on', async () => {
  const { room, call, other } = await startCallOfTwo();
  const [first, second] = [newAudioTrack(), newAudioTrack()];
  const heard = nextCallEvent(other, 'track');
  call.setMuted('audio', true);
  await call.setTrack('audio', first);
  expect(await heard).toMatchObject({ peerId: room.ownPeerId });
  expect(first.enabled).toBe(false);
  await call.setTrack('audio', second);
  expect(call.tracks).toEqual([second]);
  expect(second.enabled).toBe(false);
  call.setMuted('audio', false);
  expect(second.enabled).toBe(true);
  await call.setTrack('audio', second);
  expect(call.tracks).toEqual([second]);
  await call.setTrack('audio', null);
  expect(call.tracks).toEqual([]);
  await expect(call.replaceTrack(first, second)).rejects.toThrow('does not send');
  expect(call.peers.get([...call.peers.keys()][0] ?? '')?.connectionState).toBe('connected');
});

test('a peer that leaves is gone from the call; the call ends with the room', async () => {
  const { room, call, otherRoom } = await startCallOfTwo();
  const peer = call.peers.get(otherRoom.ownPeerId);
  const gone = nextCallEvent(call, 'peer_gone');
  await otherRoom.leave();
  expect(await gone).toEqual({ peerId: otherRoom.ownPeerId });
  expect(peer?.connectionState).toBe('closed');
  expect(call.peers.size).toBe(0);
  expect(() => room.call(chat)).toThrow('the room has a call');
  call.close();
  expect(() => callIn(room)).not.toThrow();
});

test('a call that begins anew connects, and the other side follows with a new connection', async () => {
  const { room, call: first, otherRoom, other } = await startCallOfTwo();
  first.close();
  const gone = nextCallEvent(other, 'peer_gone');
  const second = callIn(room);
  await gone;
  await Promise.all([connectedTo(second, 1), connectedTo(other, 1)]);
  const heard = nextMessage(other, room.ownPeerId);
  (await openChannel(second, otherRoom.ownPeerId)).send('again');
  expect(await heard).toBe('again');
});

test('S5: a call goes on over a lost connection, and what was added meanwhile is negotiated after it', async () => {
  const { ann, lose, call, otherRoom, other } = await startCallOfTwo(
    { RECONNECTION_WINDOW_MS: '5000' },
    { retry: { firstDelayMs: 50 } },
  );
  const left: string[] = [];
  otherRoom.on('peer_left', ({ peer }) => left.push(peer.peerId));
  const resumed = new Promise((resolve) => ann.on('resumed', resolve));
  const heard = nextCallEvent(other, 'track');
  lose();
  call.addTrack(newAudioTrack());
  expect(await resumed).toEqual({ recovered: true });
  await heard;
  expect(left).toEqual([]);
  expect(call.peers.get(otherRoom.ownPeerId)?.connectionState).toBe('connected');
});

test('L1: when its session has ended, a client comes back to the room, and the call connects anew', async () => {
  const retry = { firstDelayMs: 100_000, maxDelayMs: 100_000 };
  const { ann, lose, room, call, otherRoom, other } = await startCallOfTwo(
    { RECONNECTION_WINDOW_MS: '50' },
    { retry },
  );
  const left = new Promise((resolve) => otherRoom.on('peer_left', resolve));
  const reset = new Promise((resolve) => room.on('reset', resolve));
  lose();
  await left;
  ann.hintReconnect();
  expect(await reset).toEqual({ recovered: false });
  await nextCallEvent(other, 'peer_state', ({ state }) => state === 'connected');
  await connectedTo(call, 1);
  (await openChannel(call, otherRoom.ownPeerId)).send('again');
  expect(await nextMessage(other, room.ownPeerId)).toBe('again');
});

test('a call without peer connections is refused', async () => {
  const server = await startServer();
  const ann = await connect(server, 'ann');
  const room = await ann.join('room-1');
  expect(() => room.call()).toThrow('no global RTCPeerConnection');
});
