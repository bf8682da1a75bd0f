import { afterEach, expect, test } from 'vitest';
import { addressOf, logOn, room, textOf } from './log-on-redis.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';

const lost = { good: false, why: 'lost' };
const trimmed = { good: false, why: 'trimmed' };

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function setUp(options: RedisServerOptions = {}) {
  const server = await RedisServer.start(options);
  open.push({ close: () => server.stop() });
  const node = logOn({ kind: 'server', address: addressOf(server) });
  open.push(node);
  return { server, ...node };
}

test('S6: after a clean restart of Redis a new epoch begins, every position from before is good, and followers go on', async () => {
  const { server, log, commit, head } = await setUp({ appendFsync: 'always' });
  for (let seq = 1; seq <= 3; seq++) await commit(seq);
  const before = await head();
  const heard: string[] = [];
  let interruptions = 0;
  const subscription = await log.subscribe(room, {
    onEntry: (entry) => heard.push(textOf(entry)),
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => interruptions++,
  });
  await server.kill();
  await server.restart();
  await commit(4);
  const after = await head();
  expect(after.epoch).not.toBe(before.epoch);
  expect(after.offset).toBe(4);
  for (const offset of [0, 1, 3]) {
    const read = await log.read(room, { epoch: before.epoch, offset }, 1e6);
    expect(read.good && read.entries.map((entry) => entry.position.offset)).toEqual(
      [1, 2, 3, 4].filter((one) => one > offset),
    );
  }
  expect(await log.read(room, { epoch: before.epoch, offset: 4 }, 1e6)).toEqual(lost);
  await expect.poll(() => interruptions).toBeGreaterThan(0);
  await commit(5);
  await expect.poll(() => heard.at(-1)).toBe('ada 5');
  subscription.close();
});

/** A log of three entries that were saved, and three more that a kill loses. */
async function loseEntries() {
  const { server, ...node } = await setUp();
  for (let seq = 1; seq <= 3; seq++) await node.commit(seq);
  await server.call('SAVE');
  const kept = await node.head();
  for (let seq = 4; seq <= 6; seq++) await node.commit(seq);
  await server.kill();
  await server.restart();
  const other = logOn({ kind: 'server', address: addressOf(server) });
  open.push(other);
  return { server, node, other, kept };
}

test('S6: what a restart lost is noticed: a position beyond it is not good, although its offset is given again', async () => {
  const { other, kept } = await loseEntries();
  for (let seq = 10; seq <= 14; seq++) await other.commit(seq);
  expect((await other.head()).offset).toBe(8);
  for (const offset of [4, 5, 6])
    expect(await other.log.read(room, { epoch: kept.epoch, offset }, 1e6), `${offset}`).toEqual(lost);
  // Of all who committed since, nobody knew of what is gone.
  const read = await other.log.read(room, { epoch: kept.epoch, offset: 3 }, 1e6);
  expect(read.good && read.entries.map(textOf)).toEqual([10, 11, 12, 13, 14].map((seq) => `ada ${seq}`));
});

test('S6, N4: once a node that knew of an entry finds it lost, nobody goes on from before as if nothing were missing', async () => {
  const { node, other, kept } = await loseEntries();
  await other.commit(10);
  const between = await other.head();
  expect(await other.log.read(room, { epoch: kept.epoch, offset: 3 }, 1e6)).toMatchObject({ good: true });
  expect(await other.log.read(room, between, 1e6)).toMatchObject({ good: true });
  // It was acknowledged the sixth entry, and followed nothing.
  await node.commit(11);
  await expect.poll(() => other.log.read(room, { epoch: kept.epoch, offset: 3 }, 1e6)).toEqual(lost);
  expect(await other.log.read(room, between, 1e6)).toEqual(lost);
  const after = await other.head();
  await other.commit(12);
  expect(await other.log.read(room, after, 1e6)).toMatchObject({ good: true });
  expect((await other.head()).epoch).toBe(after.epoch);
});

test('S6, N4: a node that only followed the room tells of what it heard and is lost', async () => {
  const server = await RedisServer.start();
  open.push({ close: () => server.stop() });
  const [writer, follower] = [0, 1].map(() => logOn({ kind: 'server', address: addressOf(server) })) as [
    ReturnType<typeof logOn>,
    ReturnType<typeof logOn>,
  ];
  open.push(follower);
  const heard: string[] = [];
  const subscription = await follower.log.subscribe(room, {
    onEntry: (entry) => heard.push(textOf(entry)),
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => undefined,
  });
  await writer.commit(1);
  await server.call('SAVE');
  const kept = await writer.head();
  await writer.commit(2);
  await expect.poll(() => heard.at(-1)).toBe('ada 2');
  writer.close();
  await server.kill();
  await server.restart();
  await expect.poll(() => follower.log.read(room, kept, 1e6).catch(() => undefined)).toEqual(lost);
  subscription.close();
});

test('S6: after a flush a stream begins anew, and no position from before is good', async () => {
  const { server, log, commit, head } = await setUp();
  for (let seq = 1; seq <= 3; seq++) await commit(seq);
  const before = await head();
  await server.call('FLUSHALL');
  expect(await log.state(room)).toBeUndefined();
  expect(await log.read(room, before, 1e6)).toEqual(lost);
  // Nothing is remembered of the source either.
  await commit(1);
  expect(await head()).toMatchObject({ offset: 1 });
  for (const offset of [0, 1])
    expect(await log.read(room, { epoch: before.epoch, offset }, 1e6)).toEqual(lost);
});

test('a log that is gone, or that goes on beyond what the state knows of, begins a new epoch', async () => {
  const { server, log, commit, head, texts } = await setUp();
  for (let seq = 1; seq <= 3; seq++) await commit(seq);
  const before = await head();
  await server.call('DEL', 'room:{daily}:log');
  expect(await log.read(room, { epoch: before.epoch, offset: 2 }, 1e6)).toEqual(trimmed);
  await commit(4);
  const gone = await head();
  expect(gone.epoch).not.toBe(before.epoch);
  const read = await log.read(room, { epoch: before.epoch, offset: 3 }, 1e6);
  expect(read.good && read.entries.map(textOf)).toEqual(['ada 4']);
  await server.call('XADD', 'room:{daily}:log', '99-0', 'e', 'something that nobody committed');
  await commit(5);
  expect((await head()).epoch).not.toBe(gone.epoch);
  expect(await log.read(room, { epoch: gone.epoch, offset: 3 }, 1e6)).toEqual(trimmed);
  expect(await texts()).toEqual([]);
  await commit(6);
  const last = await log.read(room, { epoch: gone.epoch, offset: 4 }, 1e6);
  expect(last.good && last.entries.map(textOf)).toEqual(['ada 5', 'ada 6']);
});

test('a log that is gone begins a new epoch until its time is over by the clock of the server, and none from then on', async () => {
  const { server, log, commit, head } = await setUp();
  for (let seq = 1; seq <= 3; seq++) await commit(seq);
  const before = await head();
  const [seconds] = (await server.call('TIME')) as readonly string[];
  const left = Number(await server.call('HGET', 'room:{daily}:state', 'logUntil')) - Number(seconds) * 1_000;
  // As long as entries are kept, from the last of them.
  expect(left).toBeGreaterThan(60_000);
  expect(left).toBeLessThan(62_500);
  await server.call('HSET', 'room:{daily}:state', 'logUntil', Number(seconds) * 1_000 + 30_000);
  await server.call('DEL', 'room:{daily}:log');
  await commit(4);
  const early = await head();
  expect(early.epoch).not.toBe(before.epoch);
  expect((await log.state(room))?.forkedMsAgo).toBeLessThan(30_000);
  await server.call('HSET', 'room:{daily}:state', 'logUntil', Number(seconds) * 1_000 - 1);
  await server.call('DEL', 'room:{daily}:log');
  await commit(5);
  expect(await head()).toMatchObject({ epoch: early.epoch, offset: 5 });
  expect(await log.read(room, { epoch: early.epoch, offset: 3 }, 1e6)).toEqual(trimmed);
  // One that has gone on is not one that expired.
  await server.call('XADD', 'room:{daily}:log', '99-0', 'e', 'something that nobody committed');
  await server.call('HSET', 'room:{daily}:state', 'logUntil', 0);
  await commit(6);
  expect((await head()).epoch).not.toBe(early.epoch);
});

test('a server whose clock is behind the one that began the epoch takes that for just now', async () => {
  const { server, log, commit } = await setUp();
  await commit(1);
  const [seconds] = (await server.call('TIME')) as readonly string[];
  await server.call('HSET', 'room:{daily}:state', 'forkedAt', Number(seconds) * 1_000 + 60_000);
  expect((await log.state(room))?.forkedMsAgo).toBe(0);
});

test('epochs of which no position is good any more are forgotten', async () => {
  const { server, commit } = await setUp();
  for (let seq = 1; seq <= 20; seq++) {
    await commit(seq);
    await server.call('DEL', 'room:{daily}:log');
  }
  await commit(21);
  const forks = String(await server.call('HGET', 'room:{daily}:state', 'forks'));
  expect(forks.split(';').filter((fork) => fork !== '')).toHaveLength(1);
});
