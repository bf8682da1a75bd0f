import { expect, test } from 'vitest';
import { parseDuration } from '../../../src/cli/parse-duration.ts';

test('times are read with their unit', () => {
  expect(['90s', '30m', '1h', '7d', '0s'].map(parseDuration)).toEqual([90, 1_800, 3_600, 604_800, 0]);
});

test('what is no time is not read', () => {
  for (const text of ['', '1', 'h', '1.5h', '-1h', '1 h', '1w', '1h30m', '99999999d']) {
    expect(parseDuration(text), text).toBeUndefined();
  }
});
