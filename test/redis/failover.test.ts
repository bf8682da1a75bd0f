import { expect, onTestFinished, test } from 'vitest';
import { SignalError } from '../../src/shared/signal-error.ts';

import { CuttingLink } from '../chaos/proxy/cutting-link.ts';
import { infoField } from './call-redis.ts';
import { inSync } from './in-sync.ts';
import { addressOf, logOn, offsetOf, room, textOf } from './log-on-redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisSentinels, type RedisSentinelsOptions } from './redis-sentinels.ts';
import { RedisServer } from './redis-server.ts';

type Node = ReturnType<typeof logOn>;

/** Commits until one is applied, as a client does that is told UNAVAILABLE; gives its offset. */
async function commitUntilDone(node: Node, seq: number): Promise<number> {
  for (;;) {
    try {
      return offsetOf(await node.commit(seq));
    } catch (error) {
      if (!SignalError.from(error).retryable) throw error;
    }
  }
}

async function bySentinels(options: RedisSentinelsOptions = {}) {
  const sentinels = await RedisSentinels.start(options);
  onTestFinished(() => sentinels.stop());
  const node = logOn({
    kind: 'sentinels',
    sentinels: sentinels.sentinels.map(addressOf),
    name: sentinels.name,
    access: { tls: false, database: 0 },
  });
  onTestFinished(() => node.close());
  return { sentinels, node };
}

/** Follows the room; what it heard, and how often it was interrupted. */
async function follow(node: Node) {
  const heard: string[] = [];
  const interrupted = { times: 0 };
  const subscription = await node.log.subscribe(room, {
    onEntry: (entry) => heard.push(textOf(entry)),
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => interrupted.times++,
  });
  onTestFinished(() => subscription.close());
  return { heard, interrupted };
}

test('S6: a failover to a replica that has everything disturbs nobody: no entry is lost, and every position stays good', async () => {
  const { sentinels, node } = await bySentinels();
  const { heard, interrupted } = await follow(node);
  for (let seq = 1; seq <= 20; seq++) await commitUntilDone(node, seq);
  const before = await node.head();
  const primary = await sentinels.primary();
  for (const server of sentinels.servers) if (server !== primary) await inSync(server, primary);
  await sentinels.failover();
  for (let seq = 21; seq <= 40; seq++) expect(await commitUntilDone(node, seq)).toBe(seq);
  expect((await node.head()).epoch).not.toBe(before.epoch);
  const read = await node.log.read(room, { epoch: before.epoch, offset: 5 }, 1e6);
  expect(read.good && read.entries.length).toBe(35);
  await expect.poll(() => heard.at(-1)).toBe('ada 40');
  expect(interrupted.times).toBeGreaterThan(0);
}, 40_000);

test('S6: after the primary was killed the next one is found by itself, and the log goes on in a new epoch', async () => {
  const { sentinels, node } = await bySentinels();
  for (let seq = 1; seq <= 20; seq++) await commitUntilDone(node, seq);
  const before = await node.head();
  const former = await sentinels.killPrimary();
  await sentinels.successor(former);
  expect(await commitUntilDone(node, 21)).toBeGreaterThan(0);
  const after = await node.head();
  expect(after.epoch).not.toBe(before.epoch);
  // What the replica had is there; of the rest nothing is claimed.
  expect(await node.texts()).toContain('ada 21');
}, 40_000);

test('N4: while the primary is away the sentinels are asked again and again, so that the next one is found soon', async () => {
  // Nobody takes its place.
  const { sentinels, node } = await bySentinels({ replicas: 0 });
  await commitUntilDone(node, 1);
  // Each look is a connection of its own, as is each question of this test.
  const [sentinel] = sentinels.sentinels;
  let questions = 0;
  const looks = async () => {
    questions += 1;
    const info = await sentinel?.call('INFO', 'stats');
    return Number(infoField(info, 'total_connections_received')) - questions;
  };
  const primary = await sentinels.primary();
  await primary.kill();
  const before = await looks();
  await expect.poll(looks, { timeout: 5_000 }).toBeGreaterThan(before + 5);
}, 40_000);

test('N1: a master of the cluster is killed, and the log goes on with its replica', async () => {
  const cluster = await RedisCluster.start({ masters: 3, replicas: 1 });
  onTestFinished(() => cluster.stop());
  const node = logOn({ kind: 'cluster', nodes: cluster.nodes.map(addressOf) });
  onTestFinished(() => node.close());
  const { heard } = await follow(node);
  for (let seq = 1; seq <= 20; seq++) await commitUntilDone(node, seq);
  const slot = await cluster.slotOf('room:{daily}:log');
  const owner = await cluster.masterOf(slot);
  await cluster.killMaster((await cluster.masters()).indexOf(owner));
  expect(await commitUntilDone(node, 21)).toBeGreaterThan(0);
  await commitUntilDone(node, 22);
  await expect.poll(() => heard.at(-1)).toBe('ada 22');
}, 60_000);

test('S6: behind an address that leads to another primary, the one that became its replica is left', async () => {
  const former = await RedisServer.start();
  onTestFinished(() => former.stop());
  const next = await RedisServer.start({ replicaOf: former });
  onTestFinished(() => next.stop());
  await inSync(next, former);
  let primary = former;
  const address = await CuttingLink.open({
    serverPort: () => primary.port,
    plan: { next: () => ({ kind: 'both', direction: 'up', afterBytes: 0, lingerMs: 0 }) },
    onCut: () => undefined,
  });
  onTestFinished(() => address.close());
  const node = logOn({ kind: 'server', address: addressOf(address) });
  onTestFinished(() => node.close());
  const { heard } = await follow(node);
  await commitUntilDone(node, 1);
  await inSync(next, former);

  primary = next;
  await next.call('REPLICAOF', 'NO', 'ONE');
  // Its connections stay, and only refuse what writes.
  await former.call('REPLICAOF', '127.0.0.1', next.port);
  expect(await commitUntilDone(node, 2)).toBe(2);
  await expect.poll(() => heard).toEqual(['ada 1', 'ada 2']);
}, 20_000);
