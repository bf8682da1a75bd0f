import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Redis } from '../../src/server/adapter/redis/client/redis.ts';
import type { RedisClient } from '../../src/server/adapter/redis/client/redis-client.ts';
import { textsOf } from '../../src/server/adapter/redis/client/redis-reply.ts';
import { RedisNodeLeases } from '../../src/server/adapter/redis/redis-node-leases.ts';
import { RedisSessionStore } from '../../src/server/adapter/redis/session/redis-session-store.ts';
import { NodeWatch } from '../../src/server/liveness/node-watch.ts';
import type { SessionRef } from '../../src/server/port/session-store.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import { addressOf, connectTo } from '../redis/log-on-redis.ts';
import { RedisServer } from '../redis/redis-server.ts';
import { quietLog } from '../unit/quiet-log.ts';

const endedKeepMs = 60_000;
const windowMs = 60_000;
const ada: SessionRef = { userId: 'ada', sessionId: 's1' };
const hints = 'node:{a}:sessions';
/** So often `due` is asked until each of a few sessions was looked at twice. */
const twoPasses = 2 * 16;

let server: RedisServer;
let redis: RedisClient;
/** Over the same Redis, undisturbed: another process. */
let elsewhere: RedisSessionStore;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  redis = connectTo({ kind: 'server', address: addressOf(server) });
  await redis.call('', 'FLUSHALL');
  elsewhere = new RedisSessionStore({ redis, endedKeepMs });
});
afterEach(() => redis.close());

type Moment = (file: string) => Promise<void> | undefined;

/** A process in which something happens right before a script is sent, or right after it was answered. */
function disturbed({ before, after }: { before?: Moment; after?: Moment }): RedisSessionStore {
  const between: Redis = {
    async run(script, keys, args) {
      await before?.(script.name);
      const reply = await redis.run(script, keys, args);
      await after?.(script.name);
      return reply;
    },
    call: redis.call.bind(redis),
    publish: redis.publish.bind(redis),
    subscribe: redis.subscribe.bind(redis),
  };
  return new RedisSessionStore({ redis: between, endedKeepMs });
}

/** Does something the first time that a script comes up. */
function once(file: string, what: () => Promise<unknown>): Moment {
  let isDone = false;
  return (name) => {
    if (isDone || name !== file) return undefined;
    isDone = true;
    return what().then(() => undefined);
  };
}

const open = (store: RedisSessionStore, ref: SessionRef, node = 'a') =>
  store.open({ ...ref, secretHash: 'hash', node, windowMs, policy: 'multiple' });
const attach = (store: RedisSessionStore, node: string, secretHash = 'hash') =>
  store.attach({ ...ada, secretHash, node, windowMs, attempt: 0 });
const list = async (command: string, key: string, ...args: string[]) =>
  textsOf(await redis.call(key, command, key, ...args));
const hinted = () => list('ZRANGE', hints, '0', '-1');
const keys = async () => textsOf(await redis.call('', 'KEYS', '*')).sort();

test('N2: an operator reads which node has a session and which are in their window, and nothing stays of what ended', async () => {
  const second = { ...ada, sessionId: 's2' };
  await open(elsewhere, ada);
  await open(elsewhere, second);
  expect(await keys()).toEqual(['node:{a}:sessions', 'user:{ada}:node', 'user:{ada}:sessions']);
  expect(await list('HGETALL', 'user:{ada}:node')).toEqual(['s1', 'a', 's2', 'a']);
  await elsewhere.detach(ada, 1, 5_000);
  expect(await list('ZRANGE', 'disconnecting:{ada}', '0', '-1')).toEqual(['s1']);
  const [deadline] = await list('ZMSCORE', 'disconnecting:{ada}', 's1');
  expect(Math.abs(Number(deadline) - Date.now() - 5_000)).toBeLessThan(2_000);
  await attach(elsewhere, 'b');
  expect(await keys()).not.toContain('disconnecting:{ada}');
  expect(await list('HGETALL', 'user:{ada}:node')).toEqual(['s1', 'b', 's2', 'a']);
  await elsewhere.end(ada, 2, 'signed-out');
  await elsewhere.end(second, 1, 'kicked');
  expect(await keys()).not.toContain('user:{ada}:node');
  await elsewhere.forget(ada);
  await elsewhere.forget(second);
  for (let i = 0; i < twoPasses; i++) await elsewhere.due('a', 10);
  expect(await keys()).toEqual(['user:{ada}:ended:s1', 'user:{ada}:ended:s2']);
});

test('N3: a session that is being attached while the scan finds its hint one too many keeps it', async () => {
  await open(elsewhere, ada, 'c');
  const store: RedisSessionStore = disturbed({
    before: once('session-attach.lua', async () => {
      for (let i = 0; i < 3 * twoPasses; i++) await store.due('a', 10);
    }),
  });
  await attach(store, 'a');
  expect(await hinted()).toHaveLength(1);
});

test('N3: a session that is attached while its record is looked at keeps its hint', async () => {
  const store: RedisSessionStore = disturbed({
    after: once('session-look.lua', () => attach(store, 'a')),
  });
  await open(store, ada);
  await attach(elsewhere, 'c');
  await store.due('a', 10);
  expect((await elsewhere.sessions('ada'))[0]?.node).toBe('a');
  expect(await hinted()).toHaveLength(1);
});

test('N3: a session that loses its connection while its record is looked at is looked at again in time', async () => {
  await open(elsewhere, ada);
  await elsewhere.detach(ada, 1, 0);
  await attach(elsewhere, 'a');
  // Its hint says that it is due, its record that it is attached; while that is looked at, it is detached.
  const racing = disturbed({
    before: once('hints-settle.lua', () => elsewhere.detach(ada, 2, 50)),
  });
  await racing.due('a', 10);
  await delay(100);
  const score = Number((await list('ZMSCORE', hints, JSON.stringify(['ada', 's1'])))[0]);
  expect(score).toBeLessThan(Date.now());
  expect((await racing.due('a', 10)).map(({ gen }) => gen)).toEqual([2]);
});

test('a hint that is one too many goes, a little later', async () => {
  const store = new RedisSessionStore({ redis, endedKeepMs });
  await open(store, ada);
  await attach(elsewhere, 'b');
  for (let i = 0; i < twoPasses; i++) await store.due('a', 10);
  expect(await hinted()).toEqual([]);
});

test('who tries sessions that are not theirs leaves no hints', async () => {
  await attach(elsewhere, 'a');
  await open(elsewhere, ada, 'b');
  await attach(elsewhere, 'a', 'another hash');
  expect(await hinted()).toEqual([]);
  await open(elsewhere, { ...ada, sessionId: 's2' });
  await elsewhere.open({ ...ada, sessionId: 's3', secretHash: 'x', node: 'a', windowMs, policy: 'refuse' });
  expect(await hinted()).toEqual([JSON.stringify(['ada', 's2'])]);
});

test('a wrong secret takes no hint from the session that it is tried on', async () => {
  await open(elsewhere, ada);
  await attach(elsewhere, 'a', 'another hash');
  expect(await hinted()).toHaveLength(1);
});

test('N3: a hint that a failover lost is put back', async () => {
  await open(elsewhere, ada);
  await redis.call(hints, 'DEL', hints);
  await elsewhere.due('a', 10);
  expect(await hinted()).toHaveLength(1);
});

test('N3: of 300 sessions the scan finds those that ended without a word to their node', async () => {
  const refs = Array.from({ length: 300 }, (_, i) => ({ userId: `user-${i}`, sessionId: `s${i}` }));
  await Promise.all(refs.map((ref) => open(elsewhere, ref)));
  const mute = disturbed({
    before: (file) =>
      file === 'hints-set.lua'
        ? Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'out of reach'))
        : undefined,
  });
  await mute.end({ userId: 'user-7', sessionId: 's7' }, 1, 'kicked');
  await expect(mute.detach({ userId: 'user-250', sessionId: 's250' }, 1, 0)).rejects.toMatchObject({
    code: ErrorCode.UNAVAILABLE,
  });
  const due = async () => (await elsewhere.due('a', 10)).map(({ sessionId }) => sessionId).sort();
  expect((await due()).length).toBeLessThan(2);
  for (let i = 0; i < 10; i++) await due();
  expect(await due()).toEqual(['s250', 's7']);
});

test('N3: a node whose subscription was broken is told that notices may have been lost, and hears those that follow', async () => {
  const heard: string[] = [];
  const watching = await elsewhere.watch('a', {
    onNotice: ({ kind }) => heard.push(kind),
    onMissed: () => heard.push('missed'),
  });
  await server.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await expect.poll(() => heard).toEqual(['missed']);
  await open(elsewhere, ada);
  await attach(elsewhere, 'b');
  await expect.poll(() => heard).toEqual(['missed', 'taken']);
  watching.close();
});

test('of a node with few sessions each is looked at every sixteenth time', async () => {
  let looks = 0;
  const store = disturbed({
    before(file) {
      if (file === 'session-look.lua') looks += 1;
      return undefined;
    },
  });
  for (let i = 0; i < 20; i++) await open(store, { userId: `user-${i}`, sessionId: `s${i}` });
  for (let i = 0; i < 5 * 16; i++) await store.due('a', 1_000);
  expect(looks).toBe(20 * 5);
});

test('an adoption that fails for one session goes on with the others, and is told', async () => {
  for (const sessionId of ['s1', 's2', 's3']) await open(elsewhere, { userId: 'ada', sessionId });
  const failing = disturbed({
    before: once('session-adopt.lua', () =>
      Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'out of reach')),
    ),
  });
  await expect(failing.adopt('a', 'b', 10)).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
  expect(await hinted()).toHaveLength(1);
  expect(await failing.adopt('a', 'b', 10)).toBe(true);
  expect(await failing.adopt('a', 'b', 10)).toBe(false);
  expect((await elsewhere.sessions('ada')).map(({ node, gen }) => `${node}${gen}`)).toEqual([
    'b2',
    'b2',
    'b2',
  ]);
});

test('rooms of any name stay what they are in a record, and none is none', async () => {
  await open(elsewhere, ada);
  const names = ['1', '2', '__proto__', 'constructor', '~.-_'];
  for (const name of names) await elsewhere.addRoom(ada, 1, name, { peerId: 'p', join: `${name}:1` });
  const rooms = async () => [...((await elsewhere.sessions('ada'))[0]?.rooms ?? [])].map(([id]) => id).sort();
  expect(await rooms()).toEqual(names.toSorted());
  for (const name of names) await elsewhere.removeRoom(ada, 1, name, `${name}:1`);
  expect(await rooms()).toEqual([]);
  expect(await attach(elsewhere, 'a')).toMatchObject({ outcome: 'attached', record: { rooms: new Map() } });
});

test('N3: what a dead node had is due at a survivor a lease, a window and two seconds after the death at most', async () => {
  const leaseMs = 1_200;
  // Of each process one: it knows what it is about to take.
  const [its, own] = [
    new RedisSessionStore({ redis, endedKeepMs }),
    new RedisSessionStore({ redis, endedKeepMs }),
  ];
  const watchOf = (node: string, store: RedisSessionStore) =>
    new NodeWatch({
      leases: new RedisNodeLeases(redis),
      store,
      node,
      clock: systemClock,
      log: quietLog,
      leaseMs,
      onPaused: () => undefined,
      onLoss: () => undefined,
      onCutOff: () => undefined,
    });
  const [dying, survivor] = [watchOf('a', its), watchOf('b', own)];
  await Promise.all([dying.start(), survivor.start()]);
  // More than are adopted at once.
  const count = 520;
  const sessions = Array.from({ length: count }, (_, i) => ({ userId: `user-${i}`, sessionId: `s${i}` }));
  await Promise.all(
    sessions.map((ref) =>
      its.open({ ...ref, secretHash: 'hash', node: 'a', windowMs: 300, policy: 'multiple' }),
    ),
  );
  // Until the survivor has seen it live.
  await delay(leaseMs);
  expect(await keys()).toContain(hints);
  dying.stop();
  const diedMs = performance.now();
  // As often as a reaper asks: the scan alone would find so many only later.
  await expect
    .poll(async () => (await own.due('b', 1_000)).length, { interval: 250, timeout: 10_000 })
    .toBe(count);
  expect(performance.now() - diedMs).toBeLessThan(leaseMs + 300 + 2_000);
  expect(performance.now() - diedMs).toBeGreaterThan(leaseMs / 2);
  await expect.poll(() => list('SMEMBERS', 'nodes')).toEqual(['b']);
  expect(await keys()).not.toContain(hints);
  survivor.stop();
});
