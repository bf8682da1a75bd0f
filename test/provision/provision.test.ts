import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

test('everything that the tests need beyond npm is there', () => {
  const provision = path.resolve(import.meta.dirname, '../../scripts/provision');
  expect(execFileSync(provision, ['--check'], { encoding: 'utf8' })).toBe('');
});
