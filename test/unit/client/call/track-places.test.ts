import wrtc from '@roamhq/wrtc';
import { expect, onTestFinished, test } from 'vitest';
import { MeshCall } from '../../../../src/client/call/mesh-call.ts';
import { newAudioTrack, nextOf } from './pair.ts';
import { PairedLink, pairRooms } from './paired-rooms.ts';

class Noted extends wrtc.RTCPeerConnection {
  static readonly made: Noted[] = [];

  constructor(configuration: RTCConfiguration) {
    super(configuration);
    Noted.made.push(this);
  }

  /** The direction of each place for audio, as the descriptions that were agreed last have it. */
  get audioPlaces(): string[] {
    const sections = this.localDescription?.sdp.split(/^m=/m) ?? [];
    const audio = sections.filter((section) => section.startsWith('audio'));
    return audio.map((section) => /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(section)?.[1] ?? '');
  }

  async has(places: string[]): Promise<void> {
    const isThere = () => this.signalingState === 'stable' && this.audioPlaces.join() === places.join();
    while (!isThere()) await nextOf(this, 'signalingstatechange');
  }
}

/** Two calls, their rooms, their connections, and what the later one hears. */
function startPair() {
  Noted.made.length = 0;
  const rooms = pairRooms();
  const links = [new PairedLink(), new PairedLink()] as const;
  const [call, other] = [
    new MeshCall(rooms[0], links[0], { RTCPeerConnection: Noted, localStream: new wrtc.MediaStream() }),
    new MeshCall(rooms[1], links[1], { RTCPeerConnection: Noted }),
  ] as const;
  onTestFinished(() => [call, other].forEach((each) => each.close()));
  const [pc, otherPc] = Noted.made;
  if (pc === undefined || otherPc === undefined) throw new Error('no connections');
  const heard: string[] = [];
  const errors: unknown[] = [];
  other.on('track', ({ track }) => heard.push(`track ${track.kind}`));
  other.on('stream', ({ stream }) => heard.push(`stream of ${stream.getTracks().length}`));
  other.on('data_channel', () => heard.push('data channel'));
  for (const each of [call, other]) each.on('error', (error) => errors.push(error));
  return { rooms, call, other, pc, otherPc, heard, errors };
}

const connected = async (pc: Noted) => {
  while (pc.connectionState !== 'connected') await nextOf(pc, 'connectionstatechange');
};

test('L1: two peers that send nothing are connected all the same, after one offer, and hear of no channel', async () => {
  const { rooms, call, other, pc, otherPc, heard, errors } = startPair();
  await Promise.all([connected(pc), connected(otherPc)]);
  expect(call.peers.get('b')?.connectionState).toBe('connected');
  expect(other.peers.get('a')?.connectionState).toBe('connected');
  expect([rooms[0].sent.offer, rooms[1].sent.offer]).toEqual([1, 0]);
  expect([rooms[0].sent.answer, rooms[1].sent.answer]).toEqual([0, 1]);
  expect(heard).toEqual([]);
  expect(other.peers.get('a')?.dataChannels.size).toBe(0);
  expect(errors).toEqual([]);
});

test('L1: a track that is taken away and comes back has its place again, and the other side hears it each time', async () => {
  const { call, pc, otherPc, heard, errors } = startPair();
  await Promise.all([connected(pc), connected(otherPc)]);
  for (let round = 0; round < 3; round += 1) {
    const track = newAudioTrack();
    await call.setTrack('audio', track);
    await otherPc.has(['recvonly']);
    expect(pc.getSenders().map((sender) => sender.track)).toEqual([track]);
    await call.setTrack('audio', null);
    await otherPc.has(['inactive']);
    expect(pc.getSenders().map((sender) => sender.track)).toEqual([null]);
  }
  // Its stream had no track left, and is another one each time.
  const round = ['track audio', 'stream of 1'];
  expect(heard).toEqual([...round, ...round, ...round]);
  expect(pc.audioPlaces).toHaveLength(1);
  expect(errors).toEqual([]);
});

test('a place is taken by a track of its own kind only, and a second track has its own', async () => {
  const { call, pc, otherPc, heard } = startPair();
  await Promise.all([connected(pc), connected(otherPc)]);
  const [first, second] = [newAudioTrack(), newAudioTrack()];
  call.addTrack(first);
  call.addTrack(second);
  await otherPc.has(['recvonly', 'recvonly']);
  call.removeTrack(first);
  await otherPc.has(['inactive', 'recvonly']);
  const video = new wrtc.nonstandard.RTCVideoSource().createTrack();
  onTestFinished(() => video.stop());
  call.addTrack(video);
  while (!otherPc.localDescription?.sdp.includes('m=video')) await nextOf(otherPc, 'signalingstatechange');
  await otherPc.has(['inactive', 'recvonly']);
  call.addTrack(first);
  await otherPc.has(['recvonly', 'recvonly']);
  expect(pc.getSenders().map((sender) => sender.track)).toEqual([first, second, video]);
  expect(heard.filter((each) => each.startsWith('stream'))).toHaveLength(1);
});

test('L1: a track of the other side takes the place that an own one left, and both send in it', async () => {
  const { call, other, pc, otherPc } = startPair();
  await Promise.all([connected(pc), connected(otherPc)]);
  await call.setTrack('audio', newAudioTrack());
  await otherPc.has(['recvonly']);
  await call.setTrack('audio', null);
  await otherPc.has(['inactive']);
  const heard = new Promise((resolve) => call.on('track', resolve));
  await other.setTrack('audio', newAudioTrack());
  await heard;
  await pc.has(['recvonly']);
  await call.setTrack('audio', newAudioTrack());
  await pc.has(['sendrecv']);
  await otherPc.has(['sendrecv']);
});
