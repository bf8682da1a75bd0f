import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/shared/clock.ts';
import { armedTimers } from '../../server-process/armed-timers.ts';

const many = 500;

/** Node tells of those that are over once the turn is. */
async function armedNow(): Promise<number> {
  await nextTurn();
  await nextTurn();
  return armedTimers();
}

test('a timer counts until it is taken back or has fired, though it keeps no process alive', async () => {
  const before = await armedNow();
  const cancels = Array.from({ length: many }, () => systemClock.after(60_000, () => undefined));
  expect(await armedNow()).toBeGreaterThan(before + many / 2);
  for (const cancel of cancels) cancel();
  // The runner of the tests has a few of its own.
  expect(await armedNow()).toBeLessThan(before + many / 2);

  let fired = 0;
  await new Promise<void>((resolve) => {
    for (let index = 0; index < many; index++)
      systemClock.after(1, () => {
        fired += 1;
        if (fired === many) resolve();
      });
  });
  expect(await armedNow()).toBeLessThan(before + many / 2);
});
