import { expect, test } from 'vitest';
import { isOfAnotherConnection } from '../../../../src/client/call/sdp-origin.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { connectPair, makePair, newAudioTrack, nextOf, Side } from './pair.ts';

test('P3: two peers of which one offers connect', async () => {
  const { earlier, later } = makePair();
  earlier.connectTo(later);
  later.connectTo(earlier);
  const opened = nextOf<RTCDataChannelEvent>(later.pc, 'datachannel');
  const channel = earlier.pc.createDataChannel('chat');
  const { channel: other } = await opened;
  const heard = nextOf<MessageEvent>(other, 'message');
  if (channel.readyState !== 'open') await nextOf(channel, 'open');
  channel.send('hello');
  expect((await heard).data).toBe('hello');
  expect(earlier.sentOf('offer')).toHaveLength(1);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('P3: of two offers that cross, the later joiner takes its own back, and both sides connect', async () => {
  const { earlier, later } = makePair();
  const tracks = [nextOf<RTCTrackEvent>(earlier.pc, 'track'), nextOf<RTCTrackEvent>(later.pc, 'track')];
  earlier.pc.addTrack(newAudioTrack());
  later.pc.addTrack(newAudioTrack());
  await Promise.all([earlier.said('offer'), later.said('offer')]);
  later.connectTo(earlier);
  earlier.connectTo(later);
  await Promise.all([earlier.connected(), later.connected(), ...tracks]);
  expect(earlier.sentOf('answer').length + later.sentOf('answer').length).toBeGreaterThan(0);
  expect(later.sent.find(({ kind }) => kind === 'answer')?.negotiation).toBe(
    earlier.sentOf('offer')[0]?.negotiation,
  );
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('P3: the later joiner leaves the first offer to the other, so that none crosses, and then asks for what is missing', async () => {
  const earlier = new Side(false);
  const later = new Side(true, { initiates: false });
  earlier.connectTo(later);
  later.connectTo(earlier);
  const wanted = nextOf(later.pc, 'negotiationneeded');
  later.pc.addTrack(newAudioTrack());
  await wanted;
  const heard = nextOf<RTCTrackEvent>(earlier.pc, 'track');
  earlier.pc.createDataChannel('chat');
  await Promise.all([earlier.connected(), later.connected(), heard]);
  expect(later.sent.filter(({ kind }) => kind !== 'candidates').map(({ kind }) => kind)).toEqual([
    'answer',
    'offer',
  ]);
  expect(earlier.sentOf('offer')).toHaveLength(1);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('where no offer comes in time, who waits for it makes one', async () => {
  const clock = new FakeClock();
  const [waiting, other] = [new Side(true, { initiates: false, clock }), new Side(false)];
  waiting.connectTo(other);
  other.connectTo(waiting);
  const wanted = nextOf(waiting.pc, 'negotiationneeded');
  waiting.pc.createDataChannel('chat');
  await wanted;
  await clock.advance(2_900);
  expect(waiting.sent).toEqual([]);
  await clock.advance(100);
  await Promise.all([waiting.connected(), other.connected()]);
  expect(waiting.sentOf('offer')).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test('P3: candidates that overtake their description are held for it', async () => {
  const { earlier, later } = makePair();
  earlier.pc.createDataChannel('chat');
  await earlier.said('candidates');
  later.connectTo(earlier);
  const isDescription = ({ kind }: { kind: string }) => Number(kind === 'offer');
  earlier.connectTo(later, (messages) =>
    [...messages].sort((one, other) => isDescription(one) - isDescription(other)),
  );
  await Promise.all([earlier.connected(), later.connected()]);
  const first = earlier.candidatesOf(earlier.sentOf('offer')[0]?.negotiation)[0];
  expect(first).toBeDefined();
  expect(later.pc.added[0]).toBe(first);
  expect(later.pc.addedTooEarly).toEqual([]);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('candidates of an offer that was ignored are of no use, and no error', async () => {
  const { earlier, later } = makePair();
  earlier.pc.createDataChannel('one');
  later.pc.createDataChannel('two');
  await Promise.all([earlier.said('offer'), later.said('candidates')]);
  later.connectTo(earlier);
  earlier.connectTo(later);
  await Promise.all([earlier.connected(), later.connected()]);
  const ignored = later.candidatesOf(later.sentOf('offer')[0]?.negotiation);
  expect(ignored.length).toBeGreaterThan(0);
  expect(earlier.pc.added.filter((candidate) => ignored.includes(candidate))).toEqual([]);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('P3: tracks that are added later are negotiated, also from both sides at once', async () => {
  const { earlier, later } = await connectPair();
  const tracks = [nextOf<RTCTrackEvent>(earlier.pc, 'track'), nextOf<RTCTrackEvent>(later.pc, 'track')];
  earlier.pc.addTrack(newAudioTrack());
  later.pc.addTrack(newAudioTrack());
  await Promise.all(tracks);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('L1: an ICE restart gets new credentials on both sides, and both stay connected', async () => {
  const { earlier, later } = await connectPair();
  const before = [earlier, later].map(({ pc }) => ufrag(pc));
  earlier.pc.restartIce();
  await Promise.all([earlier.said('offer', 2), later.said('answer', 2)]);
  while (earlier.pc.signalingState !== 'stable') await nextOf(earlier.pc, 'signalingstatechange');
  await Promise.all([earlier.connected(), later.connected()]);
  const after = [earlier, later].map(({ pc }) => ufrag(pc));
  expect(after[0]).not.toBe(before[0]);
  expect(after[1]).not.toBe(before[1]);
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('numbers rise over both sides, odd for the polite side and even for the other', async () => {
  const { earlier, later } = await connectPair();
  later.pc.addTrack(newAudioTrack());
  await later.said('offer');
  const [first] = earlier.sentOf('offer');
  const [second] = later.sentOf('offer');
  if (first === undefined || second === undefined) throw new Error('no offers');
  expect(first.negotiation % 2).toBe(0);
  expect(second.negotiation % 2).toBe(1);
  expect(second.negotiation).toBeGreaterThan(first.negotiation);
});

test('an answer to an offer that does not stand any more is dropped', async () => {
  const { earlier, later } = makePair();
  earlier.pc.createDataChannel('chat');
  await earlier.said('offer');
  const { sdp } = earlier.sentOf('offer')[0] as { sdp: string };
  earlier.negotiator.receive({ kind: 'answer', sdp, negotiation: 2 });
  later.connectTo(earlier);
  earlier.connectTo(later);
  await earlier.connected();
  earlier.negotiator.receive({ kind: 'answer', sdp, negotiation: 0 });
  await Promise.resolve();
  expect(earlier.errors).toEqual([]);
});

test('an offer that comes twice is answered once, also while an own offer is on its way', async () => {
  const { earlier, later } = await connectPair();
  const [offer] = earlier.sentOf('offer');
  if (offer === undefined) throw new Error('no offer');
  const heard = nextOf<RTCTrackEvent>(earlier.pc, 'track');
  later.disconnect();
  later.pc.addTrack(newAudioTrack());
  await later.said('offer');
  later.negotiator.receive(offer);
  // One step at a time: when this candidate is added, the offer has been dealt with.
  const [batch] = earlier.sentOf('candidates');
  if (batch?.kind !== 'candidates') throw new Error('no candidates');
  const { length } = later.pc.added;
  later.negotiator.receive(batch);
  while (later.pc.added.length === length) await new Promise(setImmediate);
  expect(later.sentOf('answer')).toHaveLength(1);
  expect(later.pc.signalingState).toBe('have-local-offer');
  later.connectTo(earlier);
  await heard;
  expect([...earlier.errors, ...later.errors]).toEqual([]);
});

test('an offer that is none is reported, and the next is taken all the same', async () => {
  const { earlier, later } = makePair();
  later.connectTo(earlier);
  later.negotiator.receive({ kind: 'offer', sdp: 'no sdp', negotiation: 2 });
  earlier.connectTo(later);
  earlier.pc.createDataChannel('chat');
  await Promise.all([earlier.connected(), later.connected()]);
  expect(later.errors).toHaveLength(1);
});

test('an offer of a new connection is left, with what follows it, to a successor', async () => {
  const { earlier, later } = await connectPair();
  const reborn = new Side(false);
  reborn.pc.createDataChannel('chat');
  await reborn.said('candidates');
  // Something that keeps the negotiator busy, so that the rest is behind it.
  const busy = earlier.sentOf('candidates');
  reborn.connectTo(later, (messages) => [...busy, ...messages]);
  while (later.forSuccessor.length === 0) await new Promise(setImmediate);
  expect(later.forSuccessor.map(({ kind }) => kind)).toEqual(['offer', 'candidates']);
  expect(later.sentOf('answer')).toHaveLength(1);
  const successor = new Side(true);
  successor.connectTo(reborn);
  for (const message of later.forSuccessor) successor.negotiator.receive(message);
  reborn.disconnect();
  reborn.connectTo(successor);
  await Promise.all([reborn.connected(), successor.connected()]);
});

test("a description tells by its origin's session id which connection it is of", () => {
  const sdp = (id: string, version: number) => `v=0\r\no=- ${id} ${version} IN IP4 127.0.0.1\r\ns=-\r\n`;
  expect(isOfAnotherConnection(undefined, sdp('1', 2))).toBe(false);
  expect(isOfAnotherConnection(sdp('1', 2), sdp('1', 3))).toBe(false);
  expect(isOfAnotherConnection(sdp('1', 2), sdp('12', 2))).toBe(true);
});

function ufrag(pc: RTCPeerConnection): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(pc.localDescription?.sdp ?? '')?.[1];
}
