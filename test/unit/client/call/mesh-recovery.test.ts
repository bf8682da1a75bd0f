import wrtc from '@roamhq/wrtc';
import { expect, onTestFinished, test } from 'vitest';
import { MeshCall } from '../../../../src/client/call/mesh-call.ts';
import { member, PairedLink, pairRooms } from './paired-rooms.ts';

/** A peer connection that can be told that it has failed. */
class Breakable extends wrtc.RTCPeerConnection {
  static readonly made: Breakable[] = [];
  hasFailed = false;

  constructor(configuration: RTCConfiguration) {
    super(configuration);
    // The package defines its states on each object, where no subclass can get at them.
    const breakable = new Proxy(this, {
      get: (target, name) =>
        name === 'connectionState' && target.hasFailed
          ? 'failed'
          : (Reflect.get(target, name, target) as unknown),
    });
    Breakable.made.push(breakable);
    return breakable;
  }

  fail(): void {
    this.hasFailed = true;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  override restartIce(): void {
    this.hasFailed = false;
    super.restartIce();
  }

  get ufrag(): string | undefined {
    return /^a=ice-ufrag:(\S+)/m.exec(this.localDescription?.sdp ?? '')?.[1];
  }

  async until(condition: (pc: Breakable) => boolean): Promise<void> {
    while (!condition(this)) await new Promise(setImmediate);
  }
}

/** A connected pair of calls, and the connections of the earlier and the later side. */
async function startPair() {
  Breakable.made.length = 0;
  const rooms = pairRooms();
  const links = [new PairedLink(), new PairedLink()] as const;
  const options = { RTCPeerConnection: Breakable, dataChannels: [{ label: 'chat' }] };
  const calls = [
    new MeshCall(rooms[0], links[0], options),
    new MeshCall(rooms[1], links[1], options),
  ] as const;
  onTestFinished(() => calls.forEach((call) => call.close()));
  const [pc, otherPc] = Breakable.made;
  if (pc === undefined || otherPc === undefined) throw new Error('no connections');
  await Promise.all([pc, otherPc].map((each) => each.until((it) => it.connectionState === 'connected')));
  return { rooms, links, calls, pc, otherPc };
}

test('L1: a connection that failed restarts its ICE', async () => {
  const { pc, otherPc } = await startPair();
  const before = [pc.ufrag, otherPc.ufrag];
  pc.fail();
  await pc.until((it) => it.ufrag !== before[0] && it.signalingState === 'stable');
  await otherPc.until((it) => it.ufrag !== before[1]);
  await pc.until((it) => it.connectionState === 'connected');
});

test('L1: after a resume with a gap, both sides restart their ICE, on the connections that they have', async () => {
  const { rooms, pc, otherPc } = await startPair();
  const before = [pc.ufrag, otherPc.ufrag];
  for (const room of rooms) room.emitter.emit('reset', { recovered: false });
  await pc.until((it) => it.ufrag !== before[0] && it.signalingState === 'stable');
  await otherPc.until((it) => it.ufrag !== before[1] && it.signalingState === 'stable');
  await Promise.all([pc, otherPc].map((each) => each.until((it) => it.connectionState === 'connected')));
  expect(Breakable.made).toHaveLength(2);
});

test('a client that has a new membership has new connections, and the other side follows', async () => {
  const { rooms, calls, pc, otherPc } = await startPair();
  const [, later] = rooms;
  const gone: string[] = [];
  for (const call of calls) call.on('peer_gone', ({ peerId }) => gone.push(peerId));
  later.self = member('b', 7, true);
  later.emitter.emit('reset', { recovered: false });
  const fresh = Breakable.made[2];
  expect(fresh).toBeDefined();
  await otherPc.until((it) => it.connectionState === 'closed');
  rooms[0].peers.set('b', member('b', 7));
  rooms[0].emitter.emit('peer_left', { peer: member('b', 2), reason: 'connection_lost' });
  rooms[0].emitter.emit('peer_joined', member('b', 7));
  await pc.until((it) => it.connectionState === 'closed');
  await fresh?.until((it) => it.connectionState === 'connected');
  expect(gone.sort()).toEqual(['a', 'b']);
});

test('L1: new ICE credentials reach the connections that stand, and those to come', async () => {
  const { links, rooms, pc, otherPc } = await startPair();
  const servers = [{ urls: ['turn:127.0.0.1:9'], username: 'u', credential: 'c' }];
  links[0].renew(servers);
  expect(pc.getConfiguration().iceServers).toMatchObject(servers);
  expect(otherPc.getConfiguration().iceServers).toEqual([]);
  rooms[0].peers.set('e', member('e', 9));
  rooms[0].emitter.emit('peer_joined', member('e', 9));
  expect(Breakable.made[2]?.getConfiguration().iceServers).toMatchObject(servers);
});

test('a call that is closed hears nothing any more', async () => {
  const { rooms, calls } = await startPair();
  calls[0].close();
  rooms[0].emitter.emit('peer_joined', member('e', 9));
  expect(Breakable.made).toHaveLength(2);
  expect(calls[0].peers.size).toBe(0);
});

test('a call ends with its room', async () => {
  const { rooms, calls, otherPc } = await startPair();
  rooms[1].emitter.emit('left', { reason: 'left' });
  expect(calls[1].isOpen).toBe(false);
  await otherPc.until((it) => it.connectionState === 'closed');
});
