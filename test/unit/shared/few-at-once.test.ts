import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { FewAtOnce } from '../../../src/shared/few-at-once.ts';

test('tasks run few at once, in order, also where some fail, and it is told when none is left', async () => {
  const few = new FewAtOnce(3);
  const begun: number[] = [];
  let [running, most] = [0, 0];
  const tasks = Array.from({ length: 20 }, (_, nth) =>
    few.run(async () => {
      begun.push(nth);
      most = Math.max(most, ++running);
      await turn();
      running -= 1;
      if (nth % 5 === 0) throw new Error('on purpose');
      return nth;
    }),
  );
  const settled = Promise.allSettled(tasks);
  let isIdle = false;
  const idle = few.idle().then(() => {
    isIdle = true;
  });
  await turn();
  expect(isIdle).toBe(false);
  const results = await settled;
  await idle;
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, nth) => nth));
  expect(most).toBe(3);
  await few.idle();
});
