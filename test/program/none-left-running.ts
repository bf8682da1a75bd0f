// Set up before a test file: it fails where it leaves a program running that it started.
import { afterAll, expect } from 'vitest';
import { killRunningPrograms } from './program.ts';

afterAll(async () => {
  expect(await killRunningPrograms(), 'programs that a test left running').toEqual([]);
});
