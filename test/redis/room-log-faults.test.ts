import { afterEach, expect, test } from 'vitest';
import type { Redis } from '../../src/server/adapter/redis/client/redis.ts';
import { type Clock, systemClock } from '../../src/shared/clock.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { cutKinds, type Direction } from '../chaos/proxy/cut-plan.ts';
import { CuttingLink } from '../chaos/proxy/cutting-link.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { Random } from '../seeded-run/random.ts';
import { addressOf, connectTo, logOn, offsetOf, room, saying, textOf } from './log-on-redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisServer } from './redis-server.ts';

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

/** After it a node has looked at a stream that was silent. */
const silenceMs = 6_000;

async function setUp({ clock = systemClock }: { readonly clock?: Clock } = {}) {
  const server = await RedisServer.start();
  open.push({ close: () => server.stop() });
  const node = logOn({ kind: 'server', address: addressOf(server) }, { clock });
  open.push(node);
  await node.commit(0);
  return { server, ...node };
}

test('a server that forgot the scripts is given them again', async () => {
  const { server, redis, commit, head } = await setUp();
  expect(redis.refusals.get('NOSCRIPT')).toBeUndefined();
  await server.call('SCRIPT', 'FLUSH');
  expect(offsetOf(await commit(1))).toBe(2);
  expect(redis.refusals.get('NOSCRIPT')).toBe(1);
  await server.call('SCRIPT', 'FLUSH');
  expect((await head()).offset).toBe(2);
});

test('N4: a call that Redis refuses all the time says that it takes no writes, and not with which word', async () => {
  const { server, redis } = await setUp();
  await server.call('CONFIG', 'SET', 'min-replicas-to-write', '1');
  await expect(redis.call('a', 'SET', 'a', '1')).rejects.toMatchObject({
    code: ErrorCode.UNAVAILABLE,
    message: 'the store takes no writes for now',
  });
  await server.kill();
  await expect(redis.call('a', 'SET', 'a', '1')).rejects.toMatchObject({
    code: ErrorCode.UNAVAILABLE,
    message: 'the store can not be reached',
  });
});

test('S5: commits on a connection that breaks at any byte have their effect once, in order', async () => {
  const { server } = await setUp();
  const random = new Random(20_261_121, 0);
  let cuts = 0;
  const link = await CuttingLink.open({
    serverPort: () => server.port,
    onCut: () => cuts++,
    plan: {
      next: () => {
        const direction = random.pick<Direction>(['up', 'down']);
        const afterBytes = random.int(500, direction === 'up' ? 20_000 : 5_000);
        return { kind: random.pick(cutKinds), direction, afterBytes, lingerMs: random.int(0, 100) };
      },
    },
  });
  open.push(link);
  const far = logOn({ kind: 'server', address: addressOf(link) });
  open.push(far);
  link.startCutting();
  const results = [];
  for (let seq = 1; seq <= 400; seq++) {
    results.push(far.commit(seq, 'bob'));
    if (seq % 20 === 0) await Promise.all(results);
  }
  const offsets = (await Promise.all(results)).map(offsetOf);
  expect(offsets).toEqual(Array.from({ length: 400 }, (_, index) => index + 2));
  link.mend();
  expect((await far.texts()).slice(1)).toEqual(Array.from({ length: 400 }, (_, index) => `bob ${index + 1}`));
  expect(cuts).toBeGreaterThan(3);
});

test('N4: while Redis answers nothing what was sent is in doubt, and what was not had surely no effect', async () => {
  const { server, commit, head } = await setUp();
  server.pause();
  const sent = Promise.resolve(commit(1));
  const waiting = Promise.resolve(commit(2));
  await expect(waiting).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE, retryable: true });
  await expect(commit(3)).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  await expect(head()).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  server.resume();
  // It is asked again until it is known.
  expect(offsetOf(await sent)).toBe(2);
  expect(offsetOf(await commit(4))).toBe(3);
});

test('N4: a commit that is refused after its answer was lost is said to be in doubt, as what it did may be lost', async () => {
  const { server, log } = await setUp();
  server.pause();
  const check = { kind: 'member', peerId: 'bob', otherwise: ErrorCode.NOT_IN_ROOM } as const;
  const refused = Promise.resolve(log.commit(room, { ...saying(1), checks: [check] }));
  setTimeout(() => server.resume(), 1_000);
  expect(await refused).toEqual({ outcome: 'refused', failed: check, inDoubt: true });
  expect(await log.commit(room, { ...saying(2), checks: [check] })).toEqual({
    outcome: 'refused',
    failed: check,
  });
});

test('N4: a quiet stream that is gone is noticed by who follows it', async () => {
  const clock = new FakeClock();
  const { server, log, commit } = await setUp({ clock });
  let interruptions = 0;
  const subscription = await log.subscribe(room, {
    onEntry: () => undefined,
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => interruptions++,
  });
  await commit(1);
  await server.call('FLUSHALL');
  await clock.advance(silenceMs);
  await expect.poll(() => interruptions).toBe(1);
  subscription.close();
});

test('what stays in doubt is said to be unknown, and is not to be tried anew', async () => {
  const { server, commit, texts } = await setUp();
  server.pause();
  await expect(commit(1)).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN, retryable: false });
  server.resume();
  expect(offsetOf(await commit(2))).toBeGreaterThan(1);
  // The server had it in its queue all the while.
  expect(await texts()).toEqual(['ada 0', 'ada 1', 'ada 2']);
}, 20_000);

test('what Redis refuses without memory has no effect, and is carried out when there is some', async () => {
  const { server, commit } = await setUp();
  await server.call('CONFIG', 'SET', 'maxmemory', 1);
  const refused = Promise.resolve(commit(1));
  await expect(refused).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  const late = Promise.resolve(commit(2));
  setTimeout(() => void server.call('CONFIG', 'SET', 'maxmemory', 0), 300);
  expect(offsetOf(await late)).toBe(2);
});

test('N4: the last message of a stream is missed, and found in its silence', async () => {
  const { server, log, redis } = await setUp();
  const deaf: Redis = {
    run: (...args) => redis.run(...args),
    call: (...args) => redis.call(...args),
    publish: (...args) => redis.publish(...args),
    subscribe: (channel, listener) =>
      redis.subscribe(channel, { onMessage: () => undefined, onInterrupted: () => listener.onInterrupted() }),
  };
  const place = { kind: 'server', address: addressOf(server) } as const;
  const clock = new FakeClock();
  const other = logOn(place, { clock, redis: Object.assign(connectTo(place), deaf) });
  open.push(other);
  let interruptions = 0;
  const subscription = await other.log.subscribe(room, {
    onEntry: () => undefined,
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => interruptions++,
  });
  await clock.advance(silenceMs);
  await expect.poll(() => interruptions).toBe(1);
  await log.commit(room, saying(1));
  await clock.advance(silenceMs);
  await expect.poll(() => interruptions).toBe(2);
  subscription.close();
});

test('N1: a slot that moves while commits are under way loses none and keeps their order', async () => {
  const cluster = await RedisCluster.start({ masters: 3 });
  open.push({ close: () => cluster.stop() });
  const node = logOn({ kind: 'cluster', nodes: cluster.nodes.map(addressOf) });
  open.push(node);
  const heard: string[] = [];
  const subscription = await node.log.subscribe(room, {
    onEntry: (entry) => heard.push(textOf(entry)),
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => undefined,
  });
  let seq = 0;
  let isMoving = true;
  const committing = (async () => {
    const offsets: number[] = [];
    while (isMoving) offsets.push(offsetOf(await node.commit(++seq)));
    return offsets;
  })();
  const slot = Number(await cluster.nodes[0]?.call('CLUSTER', 'KEYSLOT', 'room:{daily}:log'));
  const masters = await cluster.masters();
  const owner = await cluster.masterOf(slot);
  const target = masters.find((master) => master !== owner) ?? owner;
  // Key by key, so that commits meet some here and some there.
  const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 100));
  await cluster.moveSlot(slot, owner, target, pause, { keysInBatch: 1 });
  const moved = seq;
  await expect.poll(() => seq).toBeGreaterThan(moved + 10);
  isMoving = false;
  expect(await committing).toEqual(Array.from({ length: seq }, (_, index) => index + 1));
  expect(await node.texts()).toEqual(Array.from({ length: seq }, (_, index) => `ada ${index + 1}`));
  expect(node.redis.refusals.get('TRYAGAIN')).toBeGreaterThan(0);
  // The subscription has moved with it.
  await node.commit(++seq);
  await expect.poll(() => heard.at(-1)).toBe(`ada ${seq}`);
  subscription.close();
}, 60_000);
