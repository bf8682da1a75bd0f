import { expect, onTestFinished, test } from 'vitest';
import { RedisCluster } from './redis-cluster.ts';
import type { SlotMoveStep } from './slot-move.ts';

test('a slot moves between two masters with its keys, and both say so on the way', async () => {
  const cluster = await RedisCluster.start();
  onTestFinished(() => cluster.stop());
  const masters = await cluster.masters();
  expect(masters).toHaveLength(3);
  const slot = await cluster.slotOf('{room}');
  const from = await cluster.masterOf(slot);
  const to = masters.find((master) => master !== from);
  if (to === undefined) throw new Error('there are three masters');
  const keys = Array.from({ length: 15 }, (_, index) => `{room}:${index}`);
  for (const key of keys) await from.call('SET', key, key);

  const steps: SlotMoveStep[] = [];
  await cluster.moveSlot(slot, from, to, async (step) => {
    steps.push(step);
    if (step === 'migrating') {
      expect(await from.call('GET', '{room}:1')).toBe('{room}:1');
      await expect(from.call('GET', '{room}:absent')).rejects.toThrow(`ASK ${slot} 127.0.0.1:${to.port}`);
    }
  });
  expect(steps).toEqual(['importing', 'migrating', 'batch', 'batch', 'moved', 'assigned']);
  expect(await cluster.masterOf(slot)).toBe(to);
  await expect(from.call('GET', '{room}:1')).rejects.toThrow(`MOVED ${slot} 127.0.0.1:${to.port}`);
  expect(await Promise.all(keys.map((key) => to.call('GET', key)))).toEqual(keys);

  // Without a replica nobody takes the place of a master, and back again it has its slots still.
  const killed = await cluster.killMaster(0);
  await killed.restart();
  await cluster.settled();
  expect(await cluster.masters()).toEqual(masters);
});

test('a replica takes the place of a master that is killed', async () => {
  const cluster = await RedisCluster.start({ replicas: 1 });
  onTestFinished(() => cluster.stop());
  expect(cluster.nodes).toHaveLength(6);
  const killed = await cluster.killMaster(0);
  const successor = await cluster.successor(killed, 0);
  expect(cluster.nodes).toContain(successor);
  await killed.restart();
  await cluster.settled();
  expect(await cluster.masters()).not.toContain(killed);
});
