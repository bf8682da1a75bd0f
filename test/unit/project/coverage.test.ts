import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readCoverage, writeCoverage } from '../../reporter/coverage-document.ts';
import { coverageFindings } from '../../reporter/coverage-findings.ts';
import { requirementIds } from '../../reporter/requirement-ids.ts';
import { repository } from './repository.ts';

test('the document names every promise once', () => {
  const rows = readCoverage(readFileSync(path.join(repository, 'docs/coverage.md'), 'utf8'));
  expect(rows.map((row) => row.id)).toEqual(requirementIds);
});

test('a title survives the document, with bars and backticks in it', () => {
  const titles = ['S1: `a | b` is refused', 'S1: plain'];
  const written = writeCoverage(documentOf({}), new Map([['S1', titles]]));
  expect(readCoverage(written)[0]?.tests).toEqual(titles);
  expect(readCoverage(writeCoverage(written, new Map()))[0]?.tests).toEqual([]);
});

test('a promise that the document lacks, invents or doubles is found', () => {
  const rows = readCoverage(documentOf({}).replace('### S2\n', '### S3\n').replace('### L4\n', '### L9\n'));
  expect(coverageFindings(rows, new Map())).toEqual([
    'S2 is missing in the document',
    'L4 is missing in the document',
    'L9 is in the document, and no promise has this id',
    'S3 is in the document twice',
  ]);
});

test('a title that claims more than three promises, or none of those it is named for, is found', () => {
  const rows = readCoverage(documentOf({ S1: ['R1: joins'], R1: ['R1: joins'] }));
  const results = new Map([
    ['R1: joins', true],
    ['S1, S2, S3, S4: does it all', true],
  ]);
  expect(coverageFindings(rows, results)).toEqual([
    'S1 names a test whose title does not claim it: R1: joins',
    'a test claims 4 promises, the limit is 3: S1, S2, S3, S4: does it all',
  ]);
});

/** Each starts a vitest of its own. */
const slow = { timeout: 60_000 };
const passing = `import { test } from 'vitest'; test('S1: signs in', () => {});`;
const failing = `import { test } from 'vitest'; test('R1: joins', () => { throw new Error('no'); });`;

test(
  'a full run that agrees with the document passes and says how many promises are proven',
  slow,
  async () => {
    const run = await runVitest({
      one: passing,
      two: passing,
      document: documentOf({ S1: ['S1: signs in'] }),
    });
    expect(run.output).toContain('coverage: 1 of 61 promises proven, 60 not yet');
    expect(run.code).toBe(0);
  },
);

test(
  'a full run fails for a test that is not there, and for a claim that the document does not name',
  slow,
  async () => {
    const run = await runVitest({
      one: passing,
      two: passing,
      document: documentOf({ S2: ['S2: is gone'] }),
    });
    expect(run.output).toContain('coverage: S2 names a test that does not exist: S2: is gone');
    expect(run.output).toContain(
      'coverage: a test claims S1, and the document does not name it there: S1: signs in',
    );
    expect(run.code).toBe(1);
  },
);

test('a test that passes in one project and fails in another does not prove its promise', slow, async () => {
  const two = `import { test } from 'vitest'; test('S1: signs in', () => { throw new Error('no'); });`;
  const run = await runVitest({ one: passing, two, document: documentOf({ S1: ['S1: signs in'] }) });
  expect(run.output).toContain('coverage: S1 names a test that did not pass: S1: signs in');
  expect(run.code).toBe(1);
});

test.for([
  ['some files', ['one.test.ts']],
  ['some projects', ['--project', 'one']],
  ['some titles', ['-t', 'signs in']],
] as const)('a run of %s is not judged', slow, async ([, args]) => {
  const run = await runVitest(
    { one: passing, two: failing, document: documentOf({ R1: ['R1: joins'] }) },
    args,
  );
  expect(run.output).toContain('1 passed');
  expect(run.output).not.toContain('coverage:');
  expect(run.code).toBe(0);
});

test('with -u the document is written from the titles', slow, async () => {
  const run = await runVitest({ one: passing, two: passing, document: documentOf({ R1: ['R1: joins'] }) }, [
    '-u',
  ]);
  expect(run.code).toBe(0);
  expect(readCoverage(run.document).filter((row) => row.tests.length > 0)).toEqual([
    { id: 'S1', tests: ['S1: signs in'] },
  ]);
});

/** A document with a heading for every promise, and these titles. */
function documentOf(tests: Readonly<Record<string, readonly string[]>>): string {
  const empty = requirementIds.map((id) => `### ${id}\n\nWhat.\n\nProven: not yet.\n`).join('\n');
  return writeCoverage(empty, new Map(Object.entries(tests)));
}

interface Fixture {
  readonly one: string;
  readonly two: string;
  readonly document: string;
}

/** Runs vitest with the reporter in a project of its own, with one test file in each of the projects `one` and `two`. */
async function runVitest(fixture: Fixture, args: readonly string[] = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-coverage-'));
  const document = path.join(folder, 'coverage.md');
  const config = `
    import { CoverageReporter } from '${path.join(repository, 'test/reporter/coverage-reporter.ts')}';
    const project = (name) => ({ test: { name, include: [name + '.test.ts'] } });
    const reporters = ['default', new CoverageReporter('${document}')];
    export default { test: { reporters, projects: [project('one'), project('two')] } };`;
  try {
    symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
    writeFileSync(document, fixture.document);
    writeFileSync(path.join(folder, 'one.test.ts'), fixture.one);
    writeFileSync(path.join(folder, 'two.test.ts'), fixture.two);
    writeFileSync(path.join(folder, 'vitest.config.ts'), config);
    const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, output, document: readFileSync(document, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
