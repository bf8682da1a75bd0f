import { expect, test } from 'vitest';
import { changeTextMap } from '../../../../src/server/domain/text-map.ts';

test('entries are set, and an empty value removes one; what was before is not touched', () => {
  const before = { a: '1', b: '2' };
  expect(changeTextMap(before, { b: '', c: '3' }, 'metadata')).toEqual({ a: '1', c: '3' });
  expect(before).toEqual({ a: '1', b: '2' });
});

test('a key that JavaScript gives a meaning is a key like any other', () => {
  const after = changeTextMap({}, JSON.parse('{"__proto__":"x"}') as Record<string, string>, 'metadata');
  expect(Object.entries(after)).toEqual([['__proto__', 'x']]);
  expect(Object.getPrototypeOf({})).not.toBe('x');
});

test('the bounds are named: 64 entries, 16,384 bytes of UTF-8, no empty name', () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v']));
  expect(() => changeTextMap({}, many, 'metadata')).toThrow('metadata has 65 entries, the limit is 64');
  expect(() => changeTextMap({ a: 'é'.repeat(8_000) }, { b: 'x'.repeat(400) }, 'attributes')).toThrow(
    'attributes is 16402 bytes, the limit is 16384',
  );
  for (const value of ['x', ''])
    expect(() => changeTextMap({}, { '': value }, 'metadata')).toThrow(
      'metadata has an entry without a name',
    );
});
