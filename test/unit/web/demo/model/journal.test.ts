import { expect, test } from 'vitest';
import { Journal } from '../../../../../src/web/demo/model/journal.ts';

test('the newest line comes first, and old ones are forgotten', () => {
  const journal = new Journal();
  for (let line = 1; line <= 205; line += 1) journal.add('signal', `line ${line}`);
  const { entries } = journal.store.get();
  expect(entries).toHaveLength(200);
  expect(entries[0]?.text).toBe('line 205');
});

test('who comes and goes is announced, the steps of a negotiation are not', () => {
  const journal = new Journal();
  journal.add('people', 'Ada entered.');
  journal.add('signal', 'Ada sent an offer.');
  expect(journal.store.get().announcement).toBe('Ada entered.');
});
