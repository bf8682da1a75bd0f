import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { faultKinds } from './refusals.ts';

const timeout = 60_000;
const program = path.join(import.meta.dirname, 'main.ts');

/** What the program prints. Rejects where it exits with another code than 0. */
async function run(...given: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...given], { timeout });
  return stdout;
}

test('X1: readers and writers that are broken on purpose are caught', { timeout }, async () => {
  const names = [
    ...['accepts groups', 'accepts field number 0', 'ignores a field that comes twice'],
    ...['accepts overlong varints of 32 bits', 'accepts a length past the end of its message'],
    ...['has no depth limit', 'does not look whether text is UTF-8', 'lets text be a byte longer'],
    ...['misses that a field is required', 'swaps room and receiver of a relay'],
    ...['writes numbers from 2^31 with a sign', 'swaps the two chains of an event'],
  ];
  const printed = await run('--json', '--cases', '12000', '--broken', ...names);
  const { catches } = JSON.parse(printed) as { catches: { name: string; caught: string }[] };
  expect(catches.map(({ name }) => name)).toEqual(names);
  for (const { caught } of catches) expect(caught).toMatch(/^bytes: \d+, [0-9a-f]+(… \(shortened\))?$/m);
});

test('what is broken and not caught fails the run', { timeout }, async () => {
  await expect(run('--cases', '0', '--broken', 'accepts groups')).rejects.toThrow('not caught');
  await expect(run('--broken', 'nothing')).rejects.toThrow('nothing is broken by the name nothing');
});

test('the program counts its cases by kind', {
  timeout,
}, async () => {
  const given = ['--json', '--cases', '300', '--live', '30', '--outgoing', '60', '--seed', '7'];
  const report = JSON.parse(await run(...given)) as Record<string, unknown> & { kinds: Kind[] };
  expect(report).toMatchObject({ seed: 7, outgoing: { event: 10, reply: 10 } });
  expect(report['cases']).toBe(sum(report.kinds.map(({ cases }) => cases)));
  for (const { kind, cases, accepted, refused, decoderTakes } of report.kinds) {
    expect(accepted + sum(Object.values(refused)), kind).toBe(cases);
    expect(faultKinds).toEqual(expect.arrayContaining(Object.keys(decoderTakes)));
  }
});

interface Kind {
  readonly kind: string;
  readonly cases: number;
  readonly accepted: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly decoderTakes: Readonly<Record<string, number>>;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
