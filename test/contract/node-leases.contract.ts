import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NodeLeases } from '../../src/server/port/node-leases.ts';

/** NodeLeases under test, without a node. */
export interface NodeLeasesFixture {
  readonly leases: NodeLeases;
  close(): Promise<void>;
}

/** What every NodeLeases keeps, whatever holds it. */
export function nodeLeasesContract(name: string, make: () => Promise<NodeLeasesFixture>): void {
  describe(`NodeLeases: ${name}`, () => {
    let fixture: NodeLeasesFixture;
    let leases: NodeLeases;
    beforeEach(async () => {
      fixture = await make();
      ({ leases } = fixture);
    });
    afterEach(() => fixture.close());
    const counterOf = async (node: string) => (await leases.read()).get(node)?.counter;

    test('there are the nodes that renewed, and no others', async () => {
      expect((await leases.read()).size).toBe(0);
      await leases.renew('a');
      await leases.renew('b.~-_9');
      expect([...(await leases.read()).keys()].sort()).toEqual(['a', 'b.~-_9']);
    });

    test('a counter is another after each renewal, and the same without one', async () => {
      await leases.renew('a');
      await leases.renew('b');
      const before = await leases.read();
      expect(await leases.read()).toEqual(before);
      await leases.renew('a');
      const after = await leases.read();
      expect(after.get('a')?.counter).not.toBe(before.get('a')?.counter);
      expect(after.get('a')?.lineage).toBe(before.get('a')?.lineage);
      expect(after.get('a')?.lineage).not.toBe('');
      expect(after.get('b')).toEqual(before.get('b'));
    });

    test('a node is told its lease when it renews: with a higher counter each time, but not after it was forgotten', async () => {
      const first = await leases.renew('a');
      expect((await leases.read()).get('a')).toEqual(first);
      const second = await leases.renew('a');
      expect(second.counter).toBeGreaterThan(first.counter);
      expect(second.lineage).toBe(first.lineage);
      await leases.forget('a', second.counter);
      expect((await leases.renew('a')).counter).toBeLessThanOrEqual(second.counter);
    });

    test('a node that is forgotten is gone until it renews, also when that is said twice', async () => {
      await leases.renew('a');
      await leases.renew('b');
      const counter = (await counterOf('a')) ?? 0;
      await leases.forget('a', counter);
      await leases.forget('a', counter);
      expect([...(await leases.read()).keys()]).toEqual(['b']);
      await leases.renew('a');
      expect((await leases.read()).size).toBe(2);
    });

    test('a node that renewed since it was taken for dead is not forgotten', async () => {
      await leases.renew('a');
      const counter = (await counterOf('a')) ?? 0;
      await leases.renew('a');
      await leases.forget('a', counter);
      expect(await counterOf('a')).toBeDefined();
    });
  });
}
