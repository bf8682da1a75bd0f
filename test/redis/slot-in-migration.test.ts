import calculateSlot from 'cluster-key-slot';
import { expect, onTestFinished, test } from 'vitest';
import { RedisFault } from '../../src/server/adapter/redis/client/redis-fault.ts';
import { RedisSessionStore } from '../../src/server/adapter/redis/session/redis-session-store.ts';
import type { Commit, Position, StreamListener, StreamName } from '../../src/server/port/room-log.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { infoField } from './call-redis.ts';
import { addressOf, logOn, offsetOf, room, saying, textOf } from './log-on-redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisServer } from './redis-server.ts';

/** Longer than a call is tried. */
const heldMs = 3_000;
const windowMs = 10_000;
/** After it a node has looked at a stream that was silent. */
const silenceMs = 6_000;
const bytes = (text: string) => new TextEncoder().encode(text);
/** Of a user whose slot is that of the room. */
const session = { userId: 'daily', sessionId: 's1' };

function joining(peerId: string, node: string): Commit {
  const member = { sessionId: peerId, userId: peerId, gen: 1, node, info: bytes('info') };
  return { ...saying(1, peerId), changes: [{ kind: 'add-member', peerId, member }] };
}

function leaving(seq: number, peerId: string): Commit {
  return { ...saying(seq, peerId), changes: [{ kind: 'remove-member', peerId }] };
}

function relaying(seq: number, from: string, to: string, joined: Position): Commit {
  const otherwise = ErrorCode.PEER_NOT_FOUND;
  return {
    source: { id: from, gen: 1, seq },
    checks: [
      { kind: 'member', peerId: from, joined, otherwise },
      { kind: 'member', peerId: to, otherwise },
    ],
    changes: [],
    entry: { to: { peerId: to }, body: bytes(`${from} ${seq}`) },
  };
}

/** Another room of the same slot. */
function neighbour(): StreamName {
  const slot = calculateSlot(`{${room.slice('room:'.length)}}`);
  for (let number = 0; ; number++) if (calculateSlot(`{${number}}`) === slot) return `room:${number}`;
}

/** Ann at node a and ben at node b are in the room, and a session of its slot is attached. */
async function setUp(options: { readonly ack?: 'replica'; readonly clock?: FakeClock } = {}) {
  const cluster = await RedisCluster.start({ masters: 3, replicas: options.ack === undefined ? 0 : 1 });
  onTestFinished(() => cluster.stop());
  const nodes = ['a', 'b'].map((node) =>
    logOn({ kind: 'cluster', nodes: cluster.nodes.map(addressOf) }, { node, ...options }),
  );
  const [a, b] = nodes as [ReturnType<typeof logOn>, ReturnType<typeof logOn>];
  for (const node of nodes) onTestFinished(() => node.close());
  for (const { redis } of nodes) await expect.poll(() => redis.isAvailable).toBe(true);
  const heard = { interrupted: 0, entries: 0 };
  const listener: StreamListener = {
    onEntry: () => heard.entries++,
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => heard.interrupted++,
  };
  await b.log.subscribe(room, listener);
  for (const [peerId, node] of [['ann', a] as const, ['ben', b] as const])
    await node.log.commit(room, joining(peerId, node === a ? 'a' : 'b'));
  const joined = (await a.log.state(room))?.members.get('ann')?.joined;
  if (joined === undefined) throw new Error('Ann did not join');
  const store = new RedisSessionStore({ redis: a.redis, endedKeepMs: windowMs });
  await store.open({ ...session, secretHash: 'hash', node: 'a', windowMs, policy: 'multiple' });
  const slot = await cluster.slotOf('room:{daily}:state');
  const from = await cluster.masterOf(slot);
  const to = (await cluster.masters()).find((master) => master !== from) ?? from;
  return { cluster, a, b, heard, joined, store, slot, from, to };
}

type Parts = Awaited<ReturnType<typeof setUp>>;

/** Uses all that the room and the session have, again and again for as long as is said. Gives how often. */
function user({ a, b, joined, store }: Parts) {
  let seq = 1;
  let gen = 1;
  const said: string[] = [];
  const useFor = async (ms: number): Promise<number> => {
    const untilMs = performance.now() + ms;
    let times = 0;
    for (; performance.now() < untilMs; times++) {
      said.push(`ann ${++seq}`, `ann ${++seq}`);
      expect(offsetOf(await a.log.commit(room, saying(seq - 1, 'ann')))).toBeGreaterThan(0);
      expect(offsetOf(await a.log.commit(room, relaying(seq, 'ann', 'ben', joined)))).toBeGreaterThan(0);
      const head = (await b.log.state(room))?.head;
      expect(head?.offset).toBe(2 + said.length);
      const read = await b.log.read(room, { epoch: head?.epoch ?? 0, offset: (head?.offset ?? 0) - 2 }, 1e6);
      expect(read.good && read.entries.map(textOf)).toEqual(said.slice(-2));
      const place = { sessionId: 'ben', peerId: 'ben', node: times % 2 === 0 ? 'a' : 'b' };
      expect((await b.log.attach(room, { ...place, gen: 1 + seq })).outcome).toBe('attached');

      expect(await store.detach(session, gen, windowMs)).toBe(true);
      const attached = await store.attach({
        ...session,
        secretHash: 'hash',
        node: times % 2 === 0 ? 'b' : 'a',
        windowMs,
        attempt: 0,
      });
      if (attached.outcome !== 'attached') throw new Error(`the session is ${attached.outcome}`);
      expect(attached.record.gen).toBeGreaterThan(gen);
      gen = attached.record.gen;
      expect(await store.addRoom(session, gen, 'daily', { peerId: 'ann', join: String(seq) })).toBe(true);
      expect(await store.sessions('daily')).toMatchObject([{ sessionId: 's1', gen }]);
    }
    return times;
  };
  return { useFor, said };
}

/** With which code it ends, and which word of the server is behind that. */
async function refusal(outcome: Promise<unknown>) {
  const error: unknown = await outcome.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SignalError)) throw new Error('it was not refused', { cause: error });
  return { code: error.code, word: RedisFault.refusalIn(error) };
}

test('N1: a slot that is on its way for long goes on with its rooms and sessions, before the first key went and after the last', async () => {
  const parts = await setUp();
  const { cluster, a, b, heard, slot, from, to } = parts;
  const { useFor, said } = user(parts);
  const times: number[] = [];
  let interruptedBefore = 0;
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'migrating' && step !== 'moved') return;
    interruptedBefore = heard.interrupted;
    times.push(await useFor(heldMs));
    // What is announced where nobody listens is told to those who do.
    if (step === 'moved')
      await expect.poll(() => heard.interrupted).toBeGreaterThan(interruptedBefore + (times.at(-1) ?? 0));
    else expect(heard.interrupted).toBe(interruptedBefore);
  });
  for (const count of times) expect(count).toBeGreaterThan(10);
  times.push(await useFor(500));
  expect((await a.texts()).slice(2)).toEqual(said);
  for (const { redis } of [a, b]) expect(redis.refusals.get('ASK')).toBeGreaterThan(0);
  // The views of operators are as they should be again.
  expect(await to.call('ZCARD', 'disconnecting:{daily}')).toBe(0);
  expect(await to.call('HLEN', 'room:{daily}:nodes')).toBe(await to.call('HLEN', 'room:{daily}:directed'));
}, 60_000);

test('N1: what waits for a replica goes on too while its slot is on its way', async () => {
  const parts = await setUp({ ack: 'replica' });
  const { cluster, a, slot, from, to } = parts;
  let seq = 1;
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'migrating' && step !== 'moved') return;
    const untilMs = performance.now() + heldMs;
    while (performance.now() < untilMs)
      expect(offsetOf(await a.log.commit(room, saying(++seq, 'ann')))).toBe(1 + seq);
  });
}, 60_000);

test('N1: a room that is yet to begin, one that nobody is in, and a sign-in wait until their slot has moved', async () => {
  const parts = await setUp();
  const { cluster, a, b, store, slot, from, to } = parts;
  const empty = neighbour();
  await a.log.commit(empty, joining('ann', 'a'));
  await a.log.commit(empty, leaving(2, 'ann'));
  const signIn = (sessionId: string) =>
    store.open({ userId: 'daily', sessionId, secretHash: 'hash', node: 'a', windowMs, policy: 'multiple' });
  let number = 1;
  const steps = new Map<string, unknown>();
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'migrating' && step !== 'moved') return;
    number += 1;
    const asked = [a.log.commit(empty, joining('ben', 'a')), signIn(`s${number}`)];
    steps.set(step, await Promise.all(asked.map(refusal)));
    if (step === 'migrating') return;
    // The last who is in a room leaves: all of it is done, and nothing is asked of it after that.
    for (const [peerId, { log }] of [['ann', a] as const, ['ben', b] as const])
      expect(offsetOf(await log.commit(room, leaving(100, peerId)))).toBeGreaterThan(0);
  });
  const refused = { code: ErrorCode.UNAVAILABLE, word: 'TRYAGAIN' };
  const both = [refused, refused];
  expect(Object.fromEntries(steps)).toEqual({ migrating: both, moved: both });
  expect(offsetOf(await a.log.commit(empty, joining('ben', 'a')))).toBe(3);
  expect(await signIn('s9')).toMatchObject({ outcome: 'opened' });
  expect((await a.log.state(room))?.members.size).toBe(0);
  expect(await to.call('EXISTS', 'room:{daily}:members', 'room:{daily}:nodes', 'room:{daily}:directed')).toBe(
    0,
  );
  for (const key of ['state', 'sources', 'log'])
    expect(await to.call('PTTL', `room:{daily}:${key}`)).toBeGreaterThan(0);
}, 60_000);

test('the last who is in a room may leave before the first key of its slot went', async () => {
  const { cluster, a, b, slot, from, to } = await setUp();
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'migrating') return;
    // Ben is replaced by himself at another node: no key goes and comes back.
    expect(
      offsetOf(
        await b.log.commit(room, { ...joining('ben', 'a'), ...{ source: { id: 'ben', gen: 1, seq: 2 } } }),
      ),
    ).toBe(3);
    const all: Commit = { ...saying(3, 'ben'), changes: [{ kind: 'remove-all-members' }] };
    expect(offsetOf(await a.log.commit(room, all))).toBe(4);
  });
  expect(await a.log.state(room)).toMatchObject({ head: { offset: 4 } });
  expect((await a.log.state(room))?.members.size).toBe(0);
}, 60_000);

test('N1: a slot may be on its way to a server that has none yet', async () => {
  const parts = await setUp();
  const { cluster, a, heard, slot, from } = parts;
  const to = await RedisServer.start({ isClusterNode: true });
  onTestFinished(() => to.stop());
  await from.call('CLUSTER', 'MEET', '127.0.0.1', to.port, to.busPort);
  const id = String(await to.call('CLUSTER', 'MYID'));
  const isKnown = async (server: RedisServer) => String(await server.call('CLUSTER', 'NODES')).includes(id);
  const isWell = async () => infoField(await to.call('CLUSTER', 'INFO'), 'cluster_state') === 'ok';
  const areAll = async () =>
    (await Promise.all(cluster.nodes.map(isKnown))).every(Boolean) && (await isWell());
  await expect.poll(areAll, { timeout: 15_000 }).toBe(true);

  const { useFor } = user(parts);
  let isAway = false;
  a.redis.watch((isAvailable) => {
    if (!isAvailable) isAway = true;
  });
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'moved') return;
    expect(await useFor(heldMs)).toBeGreaterThan(10);
    expect(a.redis.primaries).not.toContainEqual(addressOf(to));
  });
  await useFor(500);
  await expect.poll(() => a.redis.primaries).toContainEqual(addressOf(to));
  // What is announced there is heard again.
  const before = heard.entries;
  await useFor(100);
  await expect.poll(() => heard.entries).toBeGreaterThan(before);
  expect(isAway).toBe(false);
}, 60_000);

test('N1: a log whose time is over is emptied where it is, so that a quiet room goes on while its slot is on its way', async () => {
  const clock = new FakeClock();
  const { cluster, a, joined, slot, from, to } = await setUp({ clock });
  const log = 'room:{daily}:log';
  expect(await from.call('PTTL', log)).toBeGreaterThan(0);
  await from.call('HSET', 'room:{daily}:state', 'logUntil', Date.now() - 5_000);
  await clock.advance(silenceMs);
  await expect.poll(() => from.call('XLEN', log)).toBe(0);
  expect(await from.call('PTTL', log)).toBe(-1);
  const { epoch } = joined;
  await cluster.moveSlot(slot, from, to, async (step) => {
    if (step !== 'migrating') return;
    expect(offsetOf(await a.log.commit(room, saying(2, 'ann')))).toBe(3);
    expect((await a.head()).epoch).toBe(epoch);
    expect(await a.log.read(room, { epoch, offset: 1 }, 1e6)).toEqual({ good: false, why: 'trimmed' });
    expect(await a.log.read(room, { epoch, offset: 2 }, 1e6)).toMatchObject({ good: true });
    // It has its time again.
    expect(await from.call('PTTL', log)).toBeGreaterThan(60_000);
    await from.call('HSET', 'room:{daily}:state', 'logUntil', Date.now() - 5_000);
    await clock.advance(silenceMs);
    await expect.poll(() => from.call('XLEN', log)).toBe(0);
  });
  // An empty one moves as others do.
  expect(await to.call('XLEN', log)).toBe(0);
  expect(offsetOf(await a.log.commit(room, saying(3, 'ann')))).toBe(4);
  expect(await to.call('XLEN', log)).toBe(1);
}, 60_000);
