import { expect, onTestFinished, test } from 'vitest';
import type { StreamName } from '../../src/server/port/room-log.ts';
import { infoField } from './call-redis.ts';
import { addressOf, logOn, offsetOf } from './log-on-redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import type { RedisServer } from './redis-server.ts';

/** A room whose slot a master has. */
async function streamAt(cluster: RedisCluster, master: RedisServer): Promise<StreamName> {
  for (let number = 0; ; number++) {
    const slot = await cluster.slotOf(`{${number}}`);
    if ((await cluster.masterOf(slot)) === master) return `room:${number}`;
  }
}

test('N1: a master that the others have replaced, and that does not hear of it, is not believed', async () => {
  const cluster = await RedisCluster.start({ masters: 3, replicas: 1 });
  onTestFinished(() => cluster.stop());
  const node = logOn({ kind: 'cluster', nodes: cluster.nodes.map(addressOf) });
  onTestFinished(() => node.close());
  await expect.poll(() => node.redis.isAvailable).toBe(true);
  // It is asked before the others.
  const owner = cluster.nodes.find(({ port }) => port === node.redis.primaries[0]?.port);
  if (owner === undefined) throw new Error('the first primary is one of the cluster');
  const replica = await cluster.replicaOf(owner);
  const stream = await streamAt(cluster, owner);
  const commit = (seq: number) => node.commit(seq, 'ada', stream);
  expect(offsetOf(await commit(1))).toBe(1);

  const others = cluster.nodes.filter((other) => other !== owner);
  const ids = await Promise.all(others.map((other) => other.call('CLUSTER', 'MYID')));
  // It takes nothing from those whom it does not know, and is not told of them again for a minute.
  for (const id of ids) await owner.call('CLUSTER', 'FORGET', String(id));
  await expect.poll(async () => infoField(await owner.call('CLUSTER', 'INFO'), 'cluster_state')).toBe('fail');
  expect(await owner.call('CLUSTER', 'SLOTS')).not.toEqual([]);
  await replica.call('CLUSTER', 'FAILOVER', 'TAKEOVER');
  await expect.poll(async () => infoField(await replica.call('INFO', 'replication'), 'role')).toBe('master');
  expect(offsetOf(await commit(2))).toBeGreaterThan(0);
  expect(node.redis.primaries).toContainEqual(addressOf(replica));
  expect(node.redis.primaries).not.toContainEqual(addressOf(owner));
}, 60_000);
