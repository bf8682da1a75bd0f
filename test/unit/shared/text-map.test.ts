import { expect, test } from 'vitest';
import { textMapFault } from '../../../src/shared/text-map.ts';

const entries = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']));

test('a map at its bounds has no fault', () => {
  expect(textMapFault({})).toBeUndefined();
  expect(textMapFault(entries(64))).toBeUndefined();
  expect(textMapFault({ key: 'x'.repeat(16_381) })).toBeUndefined();
  expect(textMapFault({ ключ: 'é'.repeat(8_188) })).toBeUndefined();
});

test('a map past a bound is told which', () => {
  expect(textMapFault(entries(65))).toBe('has 65 entries, the limit is 64');
  expect(textMapFault({ key: 'x'.repeat(16_382) })).toBe('is 16385 bytes, the limit is 16384');
  expect(textMapFault({ ключ: 'é'.repeat(8_189) })).toBe('is 16386 bytes, the limit is 16384');
  expect(textMapFault({ '': '' })).toBe('has an entry without a name');
});
