import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MovePlan } from '../../../../src/server/session/move-plan.ts';

const pace = { clientsPerSecond: 100, timeoutMs: 15_000 };

test('clients move one after the other, and each has 5 s for it', () => {
  const plan = new MovePlan(300, pace);
  expect([0, 1, 2, 299].map((nth) => plan.afterMs(nth))).toEqual([0, 10, 20, 2_990]);
  expect([0, 299].map((nth) => plan.untilMs(nth))).toEqual([5_000, 7_990]);
  expect(plan.clientsPerSecond).toBe(100);
});

test('where not all would be through in time, they move as fast as is needed', () => {
  const plan = new MovePlan(20_000, pace);
  expect(plan.clientsPerSecond).toBe(2_000);
  expect(plan.untilMs(19_999)).toBe(14_999);
});

test('S7: no second has more clients moving than the pace, and none is left when its time is over', () => {
  const any = fc.record({
    clients: fc.integer({ min: 1, max: 500 }),
    clientsPerSecond: fc.integer({ min: 1, max: 1_000 }),
    timeoutMs: fc.integer({ min: 100, max: 60_000 }),
  });
  fc.assert(
    fc.property(any, ({ clients, ...wanted }) => {
      const plan = new MovePlan(clients, wanted);
      const perSecond = plan.clientsPerSecond;
      for (let nth = 0; nth < clients; nth++) {
        expect(plan.untilMs(nth)).toBeLessThanOrEqual(wanted.timeoutMs);
        expect(plan.untilMs(nth)).toBeGreaterThan(plan.afterMs(nth));
        // A second holds no more than so many: the next after them is in another.
        expect(plan.afterMs(nth + perSecond) - plan.afterMs(nth)).toBeGreaterThanOrEqual(1_000);
      }
      expect(perSecond).toBeGreaterThanOrEqual(wanted.clientsPerSecond);
      // Faster than wanted only where that is too slow.
      const last = ((clients - 1) * 1_000) / wanted.clientsPerSecond;
      if (last <= wanted.timeoutMs / 2) expect(perSecond).toBe(wanted.clientsPerSecond);
    }),
  );
});
