import { expect, test } from 'vitest';
import { isId } from '../../../../../src/shared/ids.ts';
import { suggestRoomName, toRoomId } from '../../../../../src/web/demo/model/room-names.ts';

test('a suggested name is a room id, and not always the same one', () => {
  const names = new Set(Array.from({ length: 50 }, () => suggestRoomName()));
  expect(names.size).toBeGreaterThan(5);
  for (const name of names) expect(isId(name)).toBe(true);
  expect(suggestRoomName(() => 0.999_999)).toMatch(/^[a-z]+-[a-z]+$/);
});

test('what a person types becomes a room id', () => {
  expect(toRoomId('  Café du Nord! ')).toBe('Cafe-du-Nord');
  expect(toRoomId('<b>')).toBe('b');
  expect(toRoomId('a/b?c')).toBe('a-b-c');
  expect(toRoomId('..')).toBe('');
  expect(toRoomId('комната')).toBe('');
  expect(toRoomId('x'.repeat(200))).toHaveLength(128);
});
