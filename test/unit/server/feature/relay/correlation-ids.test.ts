import { expect, test } from 'vitest';
import { CorrelationIds } from '../../../../../src/server/feature/relay/correlation-ids.ts';

test('each id is another, in ASCII, of the same process and in the order of their making', () => {
  const ids = new CorrelationIds();
  const made = Array.from({ length: 36 ** 3 }, () => ids.next().toString('latin1'));
  expect(new Set(made).size).toBe(made.length);
  expect(made.toSorted()).toEqual(made);
  const [process] = (made[0] as string).split('.');
  for (const id of made) expect(id).toMatch(/^[\w-]{8}\.[0-9a-z]{8}$/);
  expect(made.at(-1)).toBe(`${process}.00001000`);
});

test('two processes give different ids', () => {
  const [one, other] = [new CorrelationIds(), new CorrelationIds()].map((ids) =>
    ids.next().toString('latin1'),
  );
  expect(one).not.toBe(other);
});
