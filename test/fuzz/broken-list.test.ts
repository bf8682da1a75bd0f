import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { brokenReaders, brokenWriters } from './broken-list.ts';
import { type Break, breakSource, frameFolder } from './broken-source.ts';

test('X1: all that is to be broken on purpose stands in the source, once', () => {
  const breaks: Readonly<Record<string, Break>> = { ...brokenReaders, ...brokenWriters };
  expect(Object.keys(breaks).length).toBeGreaterThanOrEqual(24);
  for (const [name, broken] of Object.entries(breaks)) {
    const source = readFileSync(new URL(broken.file, frameFolder), 'utf8');
    expect(breakSource(source, broken), name).not.toBe(source);
  }
});
