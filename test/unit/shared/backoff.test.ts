import { expect, test } from 'vitest';
import { backoffDelayMs } from '../../../src/shared/backoff.ts';

test('L1: waits are random up to 0.3, 0.6, 1.2 s and so on, and never longer than 5 s', () => {
  const backoff = { firstDelayMs: 300, maxDelayMs: 5_000 };
  const bounds = [0, 1, 2, 3, 4, 5, 2_000].map((attempt) => backoffDelayMs(backoff, attempt, () => 1));
  expect(bounds).toEqual([300, 600, 1_200, 2_400, 4_800, 5_000, 5_000]);
  expect(backoffDelayMs(backoff, 3, () => 0)).toBe(0);
  expect(backoffDelayMs(backoff, 1, () => 0.5)).toBe(300);
});
