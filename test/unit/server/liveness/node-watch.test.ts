import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryNodeLeases } from '../../../../src/server/adapter/memory/memory-node-leases.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { NodeWatch } from '../../../../src/server/liveness/node-watch.ts';
import type { NodeLeases } from '../../../../src/server/port/node-leases.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

const leaseMs = 3_000;
const windowMs = 5_000;

/** Leases that can be out of reach, at once or without a word, or for the renewals of some. */
class RemoteLeases implements NodeLeases {
  isAway = false;
  isSilent = false;
  readonly awayFor = new Set<string>();
  readonly #unanswered: (() => void)[] = [];
  /** The store that has the leases: another after a failover. */
  lineage = 'one';
  #leases = new MemoryNodeLeases();

  renew(node: string) {
    if (this.awayFor.has(node)) return Promise.reject(outOfReach());
    return this.#reach(async () => ({ ...(await this.#leases.renew(node)), lineage: this.lineage }));
  }

  /** Answers all that it was asked in its silence. */
  speak(): void {
    this.isSilent = false;
    for (const answer of this.#unanswered.splice(0)) answer();
  }

  flush(): void {
    this.#leases = new MemoryNodeLeases();
  }

  read() {
    return this.#reach(() => this.#leases.read());
  }

  forget(node: string, counter: number) {
    return this.#reach(() => this.#leases.forget(node, counter));
  }

  async #reach<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.isSilent) await new Promise<void>((resolve) => this.#unanswered.push(resolve));
    if (this.isAway) throw outOfReach();
    return call();
  }
}

const outOfReach = () => new SignalError(ErrorCode.UNAVAILABLE, 'out of reach');

/** A store that can't be reached for some adoptions from others, or whose answers to them wait. */
class FailingStore extends MemorySessionStore {
  failures = 0;
  answers = Promise.resolve();

  override async adopt(dead: string, node: string, limit: number): Promise<boolean> {
    if (dead !== node && this.failures-- > 0) throw outOfReach();
    const isLeft = await super.adopt(dead, node, limit);
    if (dead !== node) await this.answers;
    return isLeft;
  }

  /** What adoptions answer waits from now on, until what this returns is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.answers = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  }
}

let clock: FakeClock;
let leases: RemoteLeases;
let store: FailingStore;
let watches: NodeWatch[];
let paused: string[];
let lost: string[];
let cutOff: string[];
let logged: string[];

beforeEach(() => {
  clock = new FakeClock();
  leases = new RemoteLeases();
  store = new FailingStore({ clock, endedKeepMs: 60_000 });
  watches = [];
  paused = [];
  lost = [];
  cutOff = [];
  logged = [];
});
afterEach(() => {
  for (const watch of watches) watch.stop();
  expect(clock.pending).toBe(0);
});

async function startNode(node: string): Promise<NodeWatch> {
  const tell = (event: string) => void logged.push(`${node} ${event}`);
  const watch = new NodeWatch({
    ...{ leases, store, node, clock, leaseMs },
    log: { ...quietLog, info: tell, warn: tell, error: tell },
    onPaused: () => void paused.push(node),
    onLoss: () => void lost.push(node),
    onCutOff: () => void cutOff.push(node),
  });
  watches.push(watch);
  await watch.start();
  return watch;
}

const open = (sessionId: string, node: string) =>
  store.open({ userId: 'ada', sessionId, secretHash: 'hash', node, windowMs, policy: 'multiple' });
const sessions = async () =>
  (await store.sessions('ada')).map(({ sessionId, node, gen }) => `${sessionId} ${node} ${gen}`);

test('N3: what a dead node had is adopted a lease and a second after its death at most, all of it, and the node forgotten', async () => {
  const dying = await startNode('a');
  await startNode('b');
  for (let i = 0; i < 1_200; i++) await open(`s${i}`, 'a');
  await clock.advance(10_000);
  dying.stop();
  await clock.advance(leaseMs - 1_500);
  expect((await sessions()).every((session) => session.endsWith('a 1'))).toBe(true);
  await clock.advance(2_500);
  expect((await sessions()).every((session) => session.endsWith('b 2'))).toBe(true);
  expect([...(await leases.read()).keys()]).toEqual(['b']);
  expect(logged).toEqual(['b node.dead', 'b node.adopted']);
});

test('nodes that live adopt nothing', async () => {
  await startNode('a');
  await startNode('b');
  await open('s', 'a');
  await clock.advance(60_000);
  expect(await sessions()).toEqual(['s a 1']);
  expect(logged).toEqual([]);
});

test('N4: after an outage of the store nobody is taken for dead who comes back within a lease and a grace', async () => {
  const late = await startNode('a');
  await startNode('b');
  await open('s', 'a');
  await clock.advance(10_000);
  leases.isAway = true;
  await clock.advance(30_000);
  expect(paused).toEqual([]);
  late.stop();
  leases.isAway = false;
  await clock.advance(2 * leaseMs - 600);
  expect(await sessions()).toEqual(['s a 1']);
  await clock.advance(2_000);
  expect(await sessions()).toEqual(['s b 2']);
  expect(logged.filter((line) => line.startsWith('b'))).toEqual([
    'b node.leases_failed',
    'b node.leases_failed',
    'b node.leases_back',
    'b node.leases_back',
    'b node.dead',
    'b node.adopted',
  ]);
});

test('N3: a node that stood still for its lease lets go of its clients, one that stood still for less does not', async () => {
  await startNode('a');
  await startNode('b');
  await clock.advance(10_000);
  clock.stall(1_500);
  await clock.advance(10_000);
  expect(paused).toEqual([]);
  clock.stall(leaseMs + 100);
  await clock.advance(0);
  expect(paused).toEqual(['a', 'b']);
  // Neither takes the other for dead, since neither could have seen its signs of life.
  await clock.advance(10_000);
  expect(paused).toEqual(['a', 'b']);
  expect(logged).toEqual(['a node.paused', 'b node.paused']);
});

test('a node that is alone keeps its clients, however long it stood still', async () => {
  await startNode('a');
  await clock.advance(10_000);
  clock.stall(60_000);
  await clock.advance(10_000);
  expect(paused).toEqual([]);
});

test('N4: a node that the store did not answer was not paused by that', async () => {
  await startNode('a');
  await startNode('b');
  await clock.advance(10_000);
  leases.isAway = true;
  await clock.advance(10_000);
  clock.stall(1_200);
  await clock.advance(10_000);
  expect(paused).toEqual([]);
});

test('N4: a node that waits for the store was not paused by that', async () => {
  await startNode('a');
  await startNode('b');
  await clock.advance(10_000);
  leases.isSilent = true;
  await clock.advance(20_000);
  expect(paused).toEqual([]);
});

test('N4: one read that failed starts the count of the others again', async () => {
  const dying = await startNode('a');
  await startNode('b');
  await open('s', 'a');
  await clock.advance(10_000);
  dying.stop();
  await clock.advance(leaseMs - 1_200);
  leases.isAway = true;
  await clock.advance(500);
  leases.isAway = false;
  await clock.advance(2 * leaseMs - 100);
  expect(await sessions()).toEqual(['s a 1']);
  await clock.advance(600);
  expect(await sessions()).toEqual(['s b 2']);
});

test('R5: a node that starts where no node lives gives what was left a fresh window', async () => {
  const dying = await startNode('a');
  await open('s1', 'a');
  await open('s2', 'a');
  await store.detach({ userId: 'ada', sessionId: 's2' }, 1, windowMs);
  dying.stop();
  await clock.advance(3_600_000);
  await startNode('b');
  await clock.advance(2 * leaseMs + 1_000);
  expect(await sessions()).toEqual(['s1 b 2', 's2 b 2']);
  expect(await store.due('b', 10)).toEqual([]);
  await clock.advance(windowMs);
  expect((await store.due('b', 10)).length).toBe(2);
});

test('R5: a node that is started again under its name has what it left before it has anything else', async () => {
  const dying = await startNode('a');
  await open('s1', 'a');
  await store.detach({ userId: 'ada', sessionId: 's1' }, 1, windowMs);
  dying.stop();
  await clock.advance(3_600_000);
  await startNode('a');
  expect(await sessions()).toEqual(['s1 a 2']);
  expect(await store.due('a', 10)).toEqual([]);
});

test('an adoption that failed is tried again', async () => {
  const dying = await startNode('a');
  store.failures = 2;
  await startNode('b');
  await open('s', 'a');
  await clock.advance(10_000);
  dying.stop();
  await clock.advance(leaseMs + 2_500);
  expect(await sessions()).toEqual(['s b 2']);
  expect(logged).toEqual(['b node.dead', 'b node.adopt_failed', 'b node.adopted']);
});

test('a node that can not be registered waits with its start until it can', async () => {
  leases.isAway = true;
  const starting = startNode('a');
  for (let seconds = 0; seconds < 5; seconds++) await clock.advance(1_000);
  expect(logged.every((line) => line === 'a node.start_waits')).toBe(true);
  expect(logged.length).toBeGreaterThan(3);
  leases.isAway = false;
  await clock.advance(1_000);
  await starting;
  expect([...(await leases.read()).keys()]).toEqual(['a']);
});

test('N4: a node whose counter went back, or has another lineage, looks what the store has lost, and only then', async () => {
  await startNode('a');
  await clock.advance(10_000);
  leases.isAway = true;
  await clock.advance(10_000);
  leases.isAway = false;
  await clock.advance(10_000);
  expect(lost).toEqual([]);
  leases.flush();
  await clock.advance(leaseMs / 3);
  expect(lost).toEqual(['a']);
  await clock.advance(10_000);
  expect(lost).toEqual(['a']);
  leases.lineage = 'another';
  await clock.advance(leaseMs / 3);
  expect(lost).toEqual(['a', 'a']);
  await clock.advance(10_000);
  expect(lost).toEqual(['a', 'a']);
});

test('N3: a node that alone could not reach the store for its lease looks whose its sessions are, and one for less does not', async () => {
  await startNode('a');
  await startNode('b');
  for (let i = 0; i < 1_200; i++) await open(`s${i}`, 'a');
  await clock.advance(10_000);
  leases.awayFor.add('a');
  await clock.advance(leaseMs / 2);
  leases.awayFor.delete('a');
  await clock.advance(10_000);
  expect(cutOff).toEqual([]);
  leases.awayFor.add('a');
  const release = store.hold();
  await clock.advance(leaseMs + 1_000);
  expect(logged.filter((line) => line.startsWith('b'))).toEqual(['b node.dead']);
  // It is back while the other has adopted some and not forgotten it.
  leases.awayFor.delete('a');
  await clock.advance(leaseMs / 2);
  release();
  await clock.advance(10_000);
  const adopted = (await sessions()).filter((session) => session.endsWith('b 2'));
  expect(adopted.length).toBeGreaterThan(0);
  expect(adopted.length).toBeLessThan(1_200);
  expect(paused).toEqual([]);
  expect(lost).toEqual([]);
  expect(cutOff).toEqual(['a']);
});

test('N3: a renewal that is answered late is as one that was made late', async () => {
  await startNode('a');
  await startNode('b');
  await clock.advance(10_000);
  leases.isSilent = true;
  await clock.advance(leaseMs + 500);
  expect(cutOff).toEqual([]);
  leases.speak();
  await clock.advance(0);
  expect(cutOff.toSorted()).toEqual(['a', 'b']);
});

test('N3: a node that is about to stop takes over from nobody, and is not taken for dead', async () => {
  const dying = await startNode('a');
  const leaving = await startNode('b');
  for (let i = 0; i < 1_200; i++) await open(`s${i}`, 'a');
  await open('own', 'b');
  await clock.advance(10_000);
  const release = store.hold();
  dying.stop();
  await clock.advance(leaseMs + 1_000);
  leaving.stopTakingOver();
  release();
  await clock.advance(10_000);
  // Not those after the batch that was under way.
  expect((await sessions()).filter((session) => session.endsWith('a 1'))).toHaveLength(700);
  expect([...(await leases.read()).keys()]).toEqual(['a', 'b']);
  await startNode('c');
  await clock.advance(2 * leaseMs + 1_000);
  const now = await sessions();
  expect(now.filter((session) => session.endsWith('c 2'))).toHaveLength(700);
  expect(now).toContain('own b 1');
});

test('a node that dies, shows a sign of life while it is adopted from, and dies is named in the log twice', async () => {
  await startNode('a');
  await startNode('b');
  for (let i = 0; i < 1_200; i++) await open(`s${i}`, 'a');
  await clock.advance(10_000);
  const release = store.hold();
  leases.awayFor.add('a');
  await clock.advance(leaseMs + 1_000);
  leases.awayFor.delete('a');
  await clock.advance(leaseMs / 2);
  release();
  await clock.advance(10_000);
  const ofOther = () => logged.filter((line) => line.startsWith('b'));
  expect(ofOther()).toEqual(['b node.dead']);
  leases.awayFor.add('a');
  await clock.advance(leaseMs + 1_000);
  expect(ofOther()).toEqual(['b node.dead', 'b node.dead', 'b node.adopted']);
});

test('N1: a node finds within seconds that another runs under its name, and says so once a minute for as long as it does', async () => {
  await startNode('a');
  await clock.advance(10_400);
  const other = await startNode('a');
  await clock.advance(5_000);
  // Each of the two.
  expect(logged).toEqual(['a node.id_taken', 'a node.id_taken']);
  await clock.advance(50_000);
  expect(logged).toHaveLength(2);
  await clock.advance(10_000);
  expect(logged).toHaveLength(4);
  other.stop();
  await clock.advance(120_000);
  expect(logged).toHaveLength(4);
});

test('N1: a process that ends while the next one has its name already, and an outage, are no other under its name', async () => {
  const former = await startNode('a');
  await clock.advance(10_400);
  await startNode('a');
  await clock.advance(1_500);
  former.stop();
  await clock.advance(10_000);
  for (let round = 0; round < 5; round++) {
    // Carried out, and not answered as if it were.
    await leases.renew('a');
    leases.awayFor.add('a');
    await clock.advance(1_000);
    leases.awayFor.delete('a');
    await clock.advance(1_000);
  }
  expect(logged.filter((line) => line.endsWith('id_taken'))).toEqual([]);
});
