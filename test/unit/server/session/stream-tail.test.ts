import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Event, ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type {
  Entry,
  StreamListener,
  StreamName,
  Subscription,
} from '../../../../src/server/port/room-log.ts';
import { type Receiver, StreamTails } from '../../../../src/server/session/stream-tail.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

const room: StreamName = 'room:daily';
/** A log that loses the announcements of chosen offsets, as a bus between nodes may. */
class LossyRoomLog extends MemoryRoomLog {
  readonly lost = new Set<number>();
  subscriptions = 0;

  override async subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription> {
    this.subscriptions++;
    const subscription = await super.subscribe(stream, {
      onEntry: (entry) => {
        if (!this.lost.has(entry.position.offset)) listener.onEntry(entry);
      },
      onPublished: (key, body) => listener.onPublished(key, body),
    });
    return {
      close: () => {
        this.subscriptions--;
        subscription.close();
      },
    };
  }
}

class RecordingReceiver implements Receiver {
  readonly number: number;
  readonly offsets: number[] = [];
  readonly frames: Event[] = [];

  constructor(number: number) {
    this.number = number;
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
  const log = new LossyRoomLog({
    clock: new FakeClock(),
    keepMs: 60_000,
    maxBytes: 1_000_000,
    emptyGraceMs: 1_000,
  });
  const tails = new StreamTails(log, quietLog);
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
  return { log, tails, commit, join };
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
