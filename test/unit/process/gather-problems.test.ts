import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/process/config-error.ts';
import { gatherProblems } from '../../../src/process/gather-problems.ts';

const wrong = (...names: string[]) =>
  Promise.reject(new ConfigError(names.map((name) => ({ name, wrong: 'is wrong', right: 'should not be' }))));

test('what each gave comes back in its place', async () => {
  expect(await gatherProblems([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
});

test('L3: the problems of all are one error, in their order', async () => {
  await expect(gatherProblems([wrong('A', 'B'), Promise.resolve(1), wrong('C')])).rejects.toThrow(
    '3 settings are wrong:\n  A  is wrong; should not be\n  B  is wrong; should not be\n  C  is wrong; should not be',
  );
});

test('a failure of another kind is not taken for a problem of the settings', async () => {
  const broken = new Error('broken');
  await expect(gatherProblems([wrong('A'), Promise.reject(broken)])).rejects.toBe(broken);
});

test('a setting with two problems is one setting that is wrong', async () => {
  await expect(wrong('A', 'A')).rejects.toThrow(/^One setting is wrong:\n/);
});
