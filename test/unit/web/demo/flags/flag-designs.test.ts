import { expect, test } from 'vitest';
import { flagDesigns, flagKey } from '../../../../../src/web/demo/flags/flag-designs.ts';

test('every letter and digit has a flag, and no two look the same', () => {
  const keys = Array.from('abcdefghijklmnopqrstuvwxyz0123456789');
  expect(Object.keys(flagDesigns).sort()).toEqual(keys.sort());
  const letters = keys.filter((key) => /[a-z]/.test(key));
  expect(new Set(letters.map((key) => JSON.stringify(flagDesigns[key]))).size).toBe(26);
});

test('a letter with an accent flies the flag of its base, others have none', () => {
  expect(flagKey('É')).toBe('e');
  expect(flagKey('7')).toBe('7');
  expect(flagKey('Ж')).toBeUndefined();
  expect(flagKey('')).toBeUndefined();
});
