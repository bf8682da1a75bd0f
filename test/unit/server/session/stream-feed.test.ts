import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { expect, test } from 'vitest';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import type {
  Entry,
  Position,
  ReadResult,
  RoomLog,
  StreamListener,
  StreamName,
} from '../../../../src/server/port/room-log.ts';
import { Outbound } from '../../../../src/server/session/outbound.ts';
import { StreamFeed } from '../../../../src/server/session/stream-feed.ts';
import { StreamTails } from '../../../../src/server/session/stream-tail.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { UnsteadyRoomLog } from '../../../contract/unsteady-room-log.ts';
import { quietLog } from '../../quiet-log.ts';
import { SlowWire } from './slow-wire.ts';

const room: StreamName = 'room:daily';
const budgetBytes = 4_000;

/** A room with Ada and Bob, numbers 1 and 2, and a connection of Ada's that follows it from the head or from a position. */
async function setUp(behind: (log: RoomLog) => RoomLog = (log) => log, maxBytes = 10_000_000) {
  const clock = new FakeClock();
  const log = behind(new MemoryRoomLog({ clock, keepMs: 60_000, maxBytes, emptyGraceMs: 0 }));
  let seq = 0;
  const commit = (to: 'all' | 'ada' | 'bob', bytes = 10) =>
    log.commit(room, {
      source: { id: 'tester', gen: 1, seq: ++seq },
      checks: [],
      changes: [],
      entry: {
        to: to === 'all' ? to : { peerId: to },
        body: eventBody('peerUpdated', { attributes: { text: 'x'.repeat(bytes) } }),
      },
    });
  for (const peerId of ['ada', 'bob']) {
    const member = { sessionId: peerId, userId: peerId, gen: 1, node: 'a', info: new Uint8Array() };
    await log.commit(room, {
      source: { id: peerId, gen: 1, seq: 1 },
      checks: [],
      changes: [{ kind: 'add-member', peerId, member }],
      entry: { to: 'all', body: eventBody('peerJoined', {}) },
    });
  }
  const head = async (): Promise<Position> => (await log.state(room))?.head ?? { epoch: 0, offset: 0 };
  const wire = new SlowWire();
  const tails = new StreamTails({ log, clock, logger: quietLog });
  const limits = { budgetBytes, maxBytes: 10 * budgetBytes };
  const outbound = new Outbound({ wire, limits, clock, log: quietLog, onOverflow: () => wire.close(1) });
  const place = await tails.take(room);
  const sent: Entry[] = [];
  const afterSent: { listener: (entry: Entry) => void } = { listener: () => undefined };
  const feed = new StreamFeed({
    stream: room,
    name: 'daily',
    route: 1,
    log,
    place,
    outbound,
    onSent: (entry) => {
      sent.push(entry);
      afterSent.listener(entry);
    },
    onLost: () => wire.close(2),
    onBroken: () => wire.close(3),
  });
  return { log, commit, head, wire, tails, feed, sent, afterSent };
}

/** The offsets after a position of those entries that are for Ada. */
async function meantForAda(log: RoomLog, after: Position): Promise<number[]> {
  const read = await log.read(room, after, 1e9);
  if (!read.good) throw new Error('the log does not reach back');
  return read.entries.filter(({ route }) => route < 2).map(({ position }) => position.offset);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

test('X3: a slow reader costs the budget, not what it has not read, and gets all of it in order as it reads on', async () => {
  const { log, commit, head, wire, feed } = await setUp();
  const start = await head();
  feed.start(start, true);
  for (let count = 0; count < 500; count++) await commit(count % 3 === 0 ? 'all' : 'ada', 200);
  await turns(10);
  expect(wire.mostBufferedBytes).toBeLessThan(budgetBytes + 800);
  const meant = await meantForAda(log, start);
  while (wire.offsets.length < meant.length) {
    const before = wire.offsets.length;
    wire.drain();
    await turns(10);
    expect(wire.offsets.length).toBeGreaterThan(before);
  }
  expect(wire.offsets).toEqual(meant);
  expect(wire.mostBufferedBytes).toBeLessThan(budgetBytes + 800);
  // It has met the tail: what comes now is sent without another look at the log.
  wire.drain();
  await commit('ada');
  expect(wire.offsets.at(-1)).toBe((await head()).offset);
});

test('R1: a feed that is held right after a read stays held, whatever the read brought', async () => {
  for (let delay = 0; delay < 6; delay++) {
    const { commit, head, wire, feed, afterSent } = await setUp();
    const start = await head();
    for (let count = 0; count < 3; count++) await commit('ada');
    let left = delay;
    const holdLater = () => {
      if (left-- > 0) queueMicrotask(holdLater);
      else feed.hold();
    };
    afterSent.listener = () => {
      afterSent.listener = () => undefined;
      holdLater();
    };
    feed.start(start, true);
    await turns(5);
    const served = wire.offsets.length;
    await commit('ada');
    await turns(5);
    expect(wire.offsets.length, `held ${delay} microtasks later`).toBe(served);
    feed.release();
    await turns(5);
    expect(wire.offsets).toEqual([3, 4, 5, 6]);
  }
});

test('X3: a reader so slow that the log no longer has what it missed is given up, and not served with a hole', async () => {
  const { commit, head, wire, feed, tails } = await setUp(undefined, 20_000);
  feed.start(await head(), true);
  for (let count = 0; count < 400; count++) await commit('ada', 200);
  const served = [...wire.offsets];
  wire.drain();
  await turns(10);
  expect(wire.closedWith).toBe(2);
  expect(wire.offsets).toEqual(served);
  expect(served).toEqual(served.map((_, index) => 3 + index));
  expect(tails.size).toBe(0);
});

test('a quiet member of a busy room is as far as the room is', async () => {
  const { commit, head, wire, feed } = await setUp(undefined, 20_000);
  feed.start(await head(), true);
  for (let count = 0; count < 400; count++) await commit('bob', 200);
  expect(feed.delivered()).toMatchObject({ offset: 402 });
  // What it is to be sent next is found although the log has long dropped the place where it was last sent something.
  wire.bufferedBytes = budgetBytes;
  await commit('ada');
  wire.drain();
  await turns(10);
  expect(wire.offsets).toEqual([403]);
});

test('what a receiver is served never runs ahead of what it is said to have', async () => {
  const { commit, head, wire, feed } = await setUp();
  feed.start(await head(), true);
  wire.bufferedBytes = budgetBytes;
  for (let count = 0; count < 5; count++) await commit('ada');
  expect(feed.delivered()).toMatchObject({ offset: 2 });
  wire.drain();
  await turns(10);
  expect(feed.delivered()).toMatchObject({ offset: 7 });
});

test('what is still being read when the feed is stopped is not sent', async () => {
  const { commit, head, wire, feed } = await setUp();
  const start = await head();
  await commit('ada');
  feed.start(start, false);
  feed.stop();
  await turns(10);
  expect(wire.offsets).toEqual([]);
});

test('a feed that is stopped by what it sends sends nothing of what was read with it', async () => {
  const { commit, head, wire, feed, afterSent } = await setUp();
  afterSent.listener = ({ position }) => {
    if (position.offset === 4) feed.stop();
  };
  const start = await head();
  for (let count = 0; count < 3; count++) await commit('all');
  feed.start(start, false);
  await turns(10);
  expect(wire.offsets).toEqual([3, 4]);
});

test('a hole in the announcements that the log can not fill ends the connection', async () => {
  const { commit, head, wire, feed } = await setUp(undefined, 2_000);
  feed.start({ ...(await head()), epoch: 1 }, true);
  feed.missed();
  await commit('ada');
  await turns(10);
  expect(wire.closedWith).toBe(2);
  expect(wire.offsets).toEqual([]);
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`S5, R1: everything once and in order, snapshots between what they hold and what they do not, seed ${seed}`, async () => {
    const random = xoroshiro128plus(seed);
    const below = (bound: number) => uniformInt(random, 0, bound - 1);
    const { log, commit, head, wire, feed, sent } = await setUp((inner) =>
      seed % 2 === 0 ? inner : new UnsteadyRoomLog(inner, seed),
    );
    for (let count = below(20); count > 0; count--) await commit('all', below(500));
    const start = { ...(await head()), offset: 2 };
    feed.start(start, false);
    const pending: Promise<unknown>[] = [];
    let snapshots = 0;
    for (let step = 0; step < 400; step++) {
      const action = below(10);
      if (action < 6)
        pending.push(
          Promise.resolve(commit((['all', 'ada', 'bob'] as const)[below(3)] ?? 'all', below(1_500))),
        );
      else if (action < 8) wire.drain();
      else if (action < 9) await turns(below(4));
      else {
        feed.hold();
        const at = await head();
        const caughtUp = feed.catchUp(at);
        for (let drains = 0; drains < 200; drains++) {
          await turns(1);
          wire.drain();
        }
        expect(await caughtUp).toBe(true);
        expect(feed.delivered()).toEqual({ epoch: at.epoch, offset: at.offset });
        expect(wire.offsets).toEqual((await meantForAda(log, start)).filter((offset) => offset <= at.offset));
        snapshots++;
        feed.release();
      }
    }
    await Promise.all(pending);
    const meant = await meantForAda(log, start);
    for (let drains = 0; wire.offsets.length < meant.length && drains < 2_000; drains++) {
      wire.drain();
      await turns(8);
    }
    expect(wire.offsets).toEqual(meant);
    expect(sent.map(({ position }) => position.offset)).toEqual(meant);
    expect(snapshots).toBeGreaterThan(10);
    expect(wire.closedWith).toBeUndefined();
  });
}

/** A log that has nothing of what it announces. */
class EmptyRoomLog extends MemoryRoomLog {
  override read(_stream: StreamName, through: Position): Promise<ReadResult> {
    return Promise.resolve({ good: true, entries: [], through, complete: true });
  }
}

test('a log that does not have what it announced is not read for ever', async () => {
  const clock = new FakeClock();
  const empty = new EmptyRoomLog({ clock, keepMs: 60_000, maxBytes: 10_000, emptyGraceMs: 0 });
  const { commit, head, wire, feed } = await setUp(() => empty);
  feed.start(await head(), true);
  wire.bufferedBytes = budgetBytes;
  await commit('ada');
  wire.drain();
  await turns(10);
  expect(wire.closedWith).toBe(2);
});

/** A log that does not announce its third entry, as a bus between nodes may lose one. */
class LossyRoomLog extends MemoryRoomLog {
  override subscribe(stream: StreamName, listener: StreamListener) {
    return super.subscribe(stream, {
      onEntry: (entry, before) => entry.position.offset === 3 || listener.onEntry(entry, before),
      onPassed: (position) => listener.onPassed(position),
      onPublished: (key, body) => listener.onPublished(key, body),
      onInterrupted: () => listener.onInterrupted(),
    });
  }
}

test('a hole before the first announcement is noticed too', async () => {
  const clock = new FakeClock();
  const lossy = new LossyRoomLog({ clock, keepMs: 60_000, maxBytes: 10_000, emptyGraceMs: 0 });
  const { commit, head, wire, feed } = await setUp(() => lossy);
  feed.start(await head(), true);
  for (let count = 0; count < 2; count++) await commit('ada');
  await turns(10);
  expect(wire.offsets).toEqual([3, 4]);
});

/** A log that goes on in another epoch after a failover, which may have lost its last entries. */
class ForkedRoomLog extends MemoryRoomLog {
  /** The entries of the other epoch. */
  readonly #since: Entry[] = [];
  #kept: number | undefined;
  #forkedAt = 0;
  #listener: StreamListener | undefined;
  reads = 0;

  /** From the next read on. `kept`: the last entry that is not lost. */
  fork(kept: number): void {
    this.#kept = kept;
    this.#forkedAt = kept;
  }

  /** No position of before is known any more: the log does not reach back so far. */
  forget(): void {
    this.#kept = 0;
  }

  /** Where it is after the fork. */
  get forkHead(): Position {
    return this.#since.at(-1)?.position ?? { epoch: forkEpoch, offset: this.#forkedAt };
  }

  /** Adds an entry for Ada after the fork, which nobody is told of before `announce`. */
  add(): Entry {
    const offset = this.forkHead.offset + 1;
    const body = eventBody('peerUpdated', {});
    const position = { epoch: forkEpoch, offset };
    const entry = { position, route: 1, previous: offset - 1, previousToAll: 2, body };
    this.#since.push(entry);
    return entry;
  }

  interrupt(): void {
    this.#listener?.onInterrupted();
  }

  announce(entry: Entry): void {
    this.#listener?.onEntry(entry, entry.position.offset - 1);
  }

  override subscribe(stream: StreamName, listener: StreamListener) {
    this.#listener = listener;
    return super.subscribe(stream, listener);
  }

  override async read(stream: StreamName, after: Position, maxBytes: number): Promise<ReadResult> {
    this.reads++;
    // A reader that never ends must not keep the test from its end.
    await turns(1);
    const kept = this.#kept;
    if (kept === undefined) return super.read(stream, after, maxBytes);
    const since = this.#since.filter(({ position }) => position.offset > after.offset);
    const through = this.forkHead;
    if (after.epoch === forkEpoch) return { good: true, entries: since, through, complete: true };
    if (after.offset > kept) return { good: false, why: 'lost' };
    const before = await super.read(stream, after, maxBytes);
    const left = before.good ? before.entries.filter(({ position }) => position.offset <= kept) : [];
    return { good: true, entries: [...left, ...since], through, complete: true };
  }
}

const forkEpoch = 7;

async function setUpForked() {
  const clock = new FakeClock();
  const forked = new ForkedRoomLog({ clock, keepMs: 60_000, maxBytes: 10_000, emptyGraceMs: 0 });
  return { ...(await setUp(() => forked)), forked };
}

test('S6: a slow reader that was served nothing of what a failover lost goes on with what is there instead', async () => {
  const { forked, commit, head, wire, feed } = await setUpForked();
  feed.start(await head(), true);
  wire.bufferedBytes = budgetBytes;
  for (let count = 0; count < 3; count++) await commit('ada');
  forked.fork(3);
  forked.add();
  wire.drain();
  await turns(10);
  expect(wire.offsets).toEqual([3, 4]);
  forked.announce(forked.add());
  await turns(10);
  expect(wire.offsets).toEqual([3, 4, 5]);
  expect(wire.closedWith).toBeUndefined();
});

test('R1, S6: a snapshot of a room that goes on in another epoch stands at the head, though nothing was said since', async () => {
  const { forked, commit, head, wire, feed } = await setUpForked();
  feed.start(await head(), true);
  await commit('ada');
  forked.fork(3);
  feed.hold();
  expect(await feed.catchUp(forked.forkHead)).toBe(true);
  expect(feed.delivered()).toEqual({ epoch: forkEpoch, offset: 3 });
  feed.release();
  await turns(10);
  forked.announce(forked.add());
  expect(wire.offsets).toEqual([3, 4]);
});

test('R1, S6: what is said in another epoch after a snapshot was taken follows it', async () => {
  for (const isForkSeen of [true, false]) {
    const { forked, commit, head, wire, feed } = await setUpForked();
    feed.start(await head(), true);
    await commit('ada');
    if (isForkSeen) forked.fork(3);
    const snapshot = isForkSeen ? forked.forkHead : await head();
    feed.hold();
    forked.fork(3);
    const later = forked.add();
    expect(await feed.catchUp(snapshot)).toBe(true);
    expect(feed.delivered()).toMatchObject({ offset: 3 });
    expect(wire.offsets).toEqual([3]);
    feed.release();
    forked.announce(later);
    await turns(10);
    expect(wire.offsets).toEqual([3, 4]);
    expect(wire.closedWith).toBeUndefined();
  }
});

test('R1, S6: a snapshot that was taken just before a failover lost some of it is found lost, and nothing is sent as if it followed', async () => {
  for (const [isMoreSaid, isHeardBefore] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ]) {
    const { log, forked, commit, head, wire, feed } = await setUpForked();
    feed.start(await head(), true);
    wire.bufferedBytes = budgetBytes;
    for (let count = 0; count < 3; count++) await commit('ada');
    const snapshot = await head();
    feed.hold();
    forked.fork(3);
    if (isMoreSaid) forked.add();
    if (isHeardBefore) forked.interrupt();
    await turns(5);
    wire.drain();
    expect(await feed.catchUp(snapshot)).toBe(true);
    expect(feed.delivered()).toEqual({ epoch: snapshot.epoch, offset: 5 });
    expect(await log.read(room, feed.delivered(), 1)).toEqual({ good: false, why: 'lost' });
    feed.release();
    if (!isHeardBefore) forked.interrupt();
    await turns(10);
    expect(wire.offsets).toEqual([3]);
    expect(wire.closedWith).toBe(2);
  }
});

test('S6: who goes on from the head of another epoch than the others here does not read the log for ever', async () => {
  const { forked, commit, head, wire, feed } = await setUpForked();
  feed.start(await head(), true);
  await commit('ada');
  forked.fork(3);
  feed.hold();
  feed.moveTo(forked.forkHead, true);
  feed.release();
  await turns(100);
  expect(forked.reads).toBeLessThan(5);
  forked.announce(forked.add());
  await turns(10);
  expect(wire.offsets).toEqual([3, 4]);
});

test('S6: who was served nothing since a room went on in another epoch is behind by what finds no room, not by all of that', async () => {
  const { forked, commit, head, wire, feed } = await setUpForked();
  feed.start(await head(), true);
  await commit('ada');
  forked.fork(3);
  forked.interrupt();
  await turns(10);
  expect(feed.delivered()).toEqual(forked.forkHead);
  forked.forget();
  wire.bufferedBytes = budgetBytes;
  forked.announce(forked.add());
  wire.drain();
  await turns(10);
  expect(wire.offsets).toEqual([3, 4]);
  expect(wire.closedWith).toBeUndefined();
});
