import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { SharedFields } from '../../../../../src/server/feature/room/shared-fields.ts';

const fields = (mode: number, topic = 'ships') =>
  new Map<string, Uint8Array>([
    ['mode', Uint8Array.of(mode)],
    ['metadata', new TextEncoder().encode(topic)],
  ]);

test('those who know the same of a room have the same object', () => {
  const shared = new SharedFields();
  const known = shared.copyOf('daily', fields(1));
  expect(known).toEqual(fields(1));
  expect(shared.copyOf('daily', fields(1))).toBe(known);
  expect(shared.copyOf('another', fields(1))).not.toBe(known);
});

test.for([
  { what: 'another value', other: fields(2) },
  { what: 'a value that goes on', other: fields(1, 'ships and trains') },
  { what: 'a field more', other: new Map([...fields(1), ['more', Uint8Array.of()]]) },
  { what: 'a field less', other: new Map([...fields(1)].slice(1)) },
  { what: 'another field', other: new Map([...fields(1)].map(([field, value]) => [`${field}s`, value])) },
])('$what is another object, and what was known before stays as it was', ({ other }) => {
  const shared = new SharedFields();
  const before = shared.copyOf('daily', fields(1));
  const after = shared.copyOf('daily', other);
  expect(after).toEqual(other);
  expect(before).toEqual(fields(1));
  expect(shared.copyOf('daily', other)).toBe(after);
});

test('a copy has memory of its own, and keeps no block with it that others are in', () => {
  const copy = new SharedFields().copyOf('daily', fields(1));
  expect(Array.from(copy.values(), ({ buffer }) => buffer.byteLength)).toEqual([1, 'ships'.length]);
});

test('a copy does not change with what it was made of', () => {
  const shared = new SharedFields();
  const given = fields(1);
  const copy = shared.copyOf('daily', given);
  given.get('mode')?.fill(9);
  given.clear();
  expect(copy).toEqual(fields(1));
});

test('a copy goes with the last that has it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const shared = new SharedFields();
  const held = shared.copyOf('held', fields(1));
  const dropped = new WeakRef(shared.copyOf('dropped', fields(1)));
  await expect
    .poll(async () => {
      collect();
      await nextTurn();
      return dropped.deref() === undefined;
    })
    .toBe(true);
  expect(shared.copyOf('held', fields(1))).toBe(held);
});
