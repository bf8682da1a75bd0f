import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Event, ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type {
  Entry,
  Position,
  ReadResult,
  StreamListener,
  StreamName,
  Subscription,
} from '../../../../src/server/port/room-log.ts';
import { type Receiver, StreamTails } from '../../../../src/server/session/stream-tail.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

const room: StreamName = 'room:daily';
/** A log that loses the announcements of chosen offsets, as a bus between nodes may. */
class LossyRoomLog extends MemoryRoomLog {
  readonly lost = new Set<number>();
  subscriptions = 0;
  listener: StreamListener | undefined;
  /** How often a read fails yet. */
  unreachable = 0;
  /** Given to each reader. */
  answer: ReadResult | undefined;

  override async subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription> {
    this.subscriptions++;
    this.listener = listener;
    const subscription = await super.subscribe(stream, {
      onEntry: (entry, before) => {
        if (!this.lost.has(entry.position.offset)) listener.onEntry(entry, before);
      },
      onPassed: (position) => listener.onPassed(position),
      onPublished: (key, body) => listener.onPublished(key, body),
      onInterrupted: () => listener.onInterrupted(),
    });
    return {
      close: () => {
        this.subscriptions--;
        subscription.close();
      },
    };
  }

  override read(stream: StreamName, after: Position, maxBytes: number): Promise<ReadResult> {
    if (this.unreachable > 0) {
      this.unreachable--;
      return Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'on purpose'));
    }
    return this.answer === undefined ? super.read(stream, after, maxBytes) : Promise.resolve(this.answer);
  }
}

/** An entry as another epoch of the stream would have it. */
function later(epoch: number, offset: number): Entry {
  return {
    position: { epoch, offset },
    route: 0,
    previous: 0,
    previousToAll: 0,
    body: eventBody('peerLeft', {}),
  };
}

class RecordingReceiver implements Receiver {
  readonly route: number;
  readonly offsets: number[] = [];
  readonly frames: Event[] = [];

  constructor(route: number) {
    this.route = route;
  }

  deliver(entry: Entry, frame: OutgoingFrame): void {
    this.offsets.push(entry.position.offset);
    const { frame: decoded } = fromBinary(ServerFrameSchema, frame.bytes);
    if (decoded.case === 'event') this.frames.push(decoded.value);
  }

  deliverPublished(): void {
    this.offsets.push(0);
  }

  missed(): void {
    this.offsets.push(Number.NaN);
  }

  broken(): void {
    throw new Error('nothing is expected to break');
  }
}

/** Can take nothing, as a connection with a fault of the server's own. */
class BrokenReceiver extends RecordingReceiver {
  timesBroken = 0;

  override deliver(): void {
    throw new Error('on purpose');
  }

  override broken(): void {
    this.timesBroken++;
  }
}

function setUp() {
  const clock = new FakeClock();
  const log = new LossyRoomLog({
    clock,
    keepMs: 60_000,
    maxBytes: 1_000_000,
    emptyGraceMs: 1_000,
  });
  const tails = new StreamTails({ log, clock, logger: quietLog });
  let seq = 0;
  const commit = (to?: string) =>
    log.commit(room, {
      source: { id: 'tester', gen: 1, seq: ++seq },
      checks: [],
      changes: [],
      entry: {
        to: to === undefined ? 'all' : { peerId: to },
        body: eventBody('peerLeft', { peerId: `${seq}` }),
      },
    });
  const join = (peerId: string) => {
    const result = log.commit(room, {
      source: { id: peerId, gen: 1, seq: 1 },
      checks: [{ kind: 'no-member', peerId, otherwise: ErrorCode.PEER_ID_TAKEN }],
      changes: [
        {
          kind: 'add-member',
          peerId,
          member: { sessionId: peerId, userId: peerId, gen: 1, node: 'a', info: new Uint8Array() },
        },
      ],
      entry: { to: 'all', body: eventBody('peerJoined', {}) },
    });
    return result.outcome === 'applied' ? result.position : { epoch: 0, offset: 0 };
  };
  return { clock, log, tails, commit, join };
}

test('a receiver gets what is for all and what is for it, from where it begins to follow, each once', async () => {
  const { tails, commit, join } = setUp();
  const alice = join('alice');
  const bob = join('bob');
  const place = await tails.take(room);
  commit('bob');
  commit();
  const receiver = new RecordingReceiver(bob.offset);
  expect(place.passed()).toEqual({ epoch: bob.epoch, offset: 4 });
  place.follow(receiver);
  commit('alice');
  commit('bob');
  expect(receiver.offsets).toEqual([6]);
  expect(
    receiver.frames.map(({ previous, previousToAll, directed }) => [previous, previousToAll, directed]),
  ).toEqual([[3, 4, true]]);
  expect(alice.offset).toBe(1);
  place.leave();
});

test('a lost announcement is read from the log before what came after it is delivered', async () => {
  const { log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  commit();
  log.lost.add(3).add(4);
  for (let times = 0; times < 5; times++) commit();
  await expect.poll(() => receiver.offsets).toEqual([2, 3, 4, 5, 6, 7]);
  place.leave();
});

test('one subscription serves all who follow a stream, and ends with the last of them', async () => {
  const { log, tails, join } = setUp();
  const alice = join('alice');
  const places = [await tails.take(room), await tails.take(room)];
  expect(log.subscriptions).toBe(1);
  places[0]?.follow(new RecordingReceiver(alice.offset));
  places[0]?.leave();
  expect(log.subscriptions).toBe(1);
  places[1]?.leave();
  await expect.poll(() => log.subscriptions).toBe(0);
  expect(tails.size).toBe(0);
  (await tails.take(room)).leave();
  await expect.poll(() => log.subscriptions).toBe(0);
});

test('X1: a receiver that fails is told so, and neither the others nor who committed notice', async () => {
  const { tails, commit, join } = setUp();
  const position = join('alice');
  const broken = new BrokenReceiver(position.offset);
  const other = new RecordingReceiver(99);
  (await tails.take(room)).follow(broken);
  (await tails.take(room)).follow(other);
  expect(commit().outcome).toBe('applied');
  expect(commit('alice').outcome).toBe('applied');
  expect(broken.timesBroken).toBe(2);
  expect(other.offsets).toEqual([position.offset + 1]);
});

test('N4: after an interruption the log is read, though it takes several tries, and what was missed is delivered in order', async () => {
  const { clock, log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  log.lost.add(2).add(3);
  commit();
  commit('alice');
  log.unreachable = 2;
  log.listener?.onInterrupted();
  commit();
  for (let tries = 0; tries < 3; tries++) await clock.advance(1_000);
  expect(receiver.offsets).toEqual([2, 3, 4]);
});

test('N4: an interruption before anything passed is made good as soon as somebody has been served', async () => {
  const { log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  log.lost.add(2);
  commit();
  log.listener?.onInterrupted();
  place.follow(receiver);
  place.reached(alice);
  await expect.poll(() => receiver.offsets).toEqual([2]);
});

test('what is missed while the log is being read is read too', async () => {
  const { log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  log.lost.add(2).add(3);
  commit();
  log.listener?.onInterrupted();
  commit();
  log.listener?.onInterrupted();
  await expect.poll(() => receiver.offsets).toEqual([2, 3]);
});

test('S6: an entry of another epoch is delivered when the log says that it follows, and else all are told that they missed some', async () => {
  const { log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  commit();
  log.answer = { good: true, entries: [later(7, 3)], through: { epoch: 7, offset: 3 }, complete: true };
  log.listener?.onEntry(later(7, 3), 2);
  await expect.poll(() => receiver.offsets).toEqual([2, 3]);
  log.answer = { good: false, why: 'lost' };
  log.listener?.onEntry(later(8, 4), 3);
  await expect.poll(() => receiver.offsets).toEqual([2, 3, Number.NaN]);
  expect(place.passed()).toEqual({ epoch: 8, offset: 4 });
});

test('an entry passes where all before it that is for this node has, whatever lies between', async () => {
  const { log, tails, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  log.unreachable = 1;
  log.listener?.onEntry(later(alice.epoch, 5), 1);
  expect(place.passed()?.offset).toBe(5);
  log.listener?.onEntry(later(alice.epoch, 9), 5);
  expect(receiver.offsets).toEqual([5, 9]);
  expect(log.unreachable).toBe(1);
  log.listener?.onEntry(later(alice.epoch, 12), 10);
  expect(receiver.offsets).toEqual([5, 9]);
  expect(log.unreachable).toBe(0);
});

test('how far there was nothing for this node is noted, but not while the log is being read or after it in another epoch', async () => {
  const { clock, log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  log.listener?.onPassed({ ...alice, offset: 7 });
  expect(place.passed()).toBeUndefined();
  place.reached(alice);
  log.listener?.onPassed({ ...alice, offset: 0 });
  log.listener?.onPassed({ epoch: alice.epoch + 1, offset: 7 });
  expect(place.passed()).toEqual({ epoch: alice.epoch, offset: 1 });
  log.lost.add(2);
  commit();
  log.unreachable = 1;
  log.listener?.onInterrupted();
  // What is to be read lies before that.
  log.listener?.onPassed({ ...alice, offset: 7 });
  await clock.advance(2_000);
  await expect.poll(() => receiver.offsets).toEqual([2]);
  expect(place.passed()?.offset).toBe(2);
  log.listener?.onPassed({ ...alice, offset: 7 });
  expect(place.passed()?.offset).toBe(7);
});

test('S6: a stream that goes on in another epoch is followed there before it has an entry, so that who is quiet stays near its head', async () => {
  const { log, tails, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  const receiver = new RecordingReceiver(alice.offset);
  place.follow(receiver);
  place.reached(alice);
  const head = { epoch: alice.epoch + 1, offset: alice.offset };
  log.answer = { good: true, entries: [], through: head, complete: true };
  log.listener?.onInterrupted();
  await expect.poll(() => place.passed()).toEqual(head);
  // What others said since is not announced here.
  log.listener?.onPassed({ ...head, offset: 7 });
  expect(place.passed()).toEqual({ ...head, offset: 7 });
  // The log is not asked whether this follows.
  log.answer = { good: false, why: 'lost' };
  log.listener?.onEntry(later(head.epoch, 8), 1);
  expect(receiver.offsets).toEqual([8]);
});

test('nobody follows any more: the log is asked no further', async () => {
  const { clock, log, tails, commit, join } = setUp();
  const alice = join('alice');
  const place = await tails.take(room);
  place.follow(new RecordingReceiver(alice.offset));
  place.reached(alice);
  commit();
  log.unreachable = 1_000;
  log.listener?.onInterrupted();
  await clock.advance(100);
  place.leave();
  const left = log.unreachable;
  await clock.advance(60_000);
  expect(log.unreachable).toBe(left);
});
