import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from './repository.ts';

/** Each starts a vitest of its own. */
const slow = { timeout: 60_000 };
const user = `recordDatum({ kind: 'user id', value: 'zoe' });`;
const clean = `recordLogLine('{"event":"room.join","user":"cc0ffee00123"}');`;
const leaking = `recordLogLine('{"event":"room.join","user":"zoe"}');`;

test(
  'X5: a run fails where a server of its tests logs a user id, and does not say it again',
  slow,
  async () => {
    const { code, output, kept } = await runVitest(`${user} ${clean} ${leaking}`, ['one.test.ts']);
    expect(output).toMatch(/log: \S+\.txt:2 has a user id in "user" of room\.join\n/);
    expect(output).not.toContain('zoe');
    expect(kept).toHaveLength(1);
    expect(code).toBe(1);
  },
);

test('a run of some files passes where nothing personal is logged, and leaves no record', slow, async () => {
  const { code, kept } = await runVitest(`${user} ${clean}`, ['one.test.ts']);
  expect(kept).toEqual([]);
  expect(code).toBe(0);
});

test(
  'X5: a full run fails where next to nothing is logged, since its search says nothing',
  slow,
  async () => {
    const { code, output } = await runVitest(`${user} ${clean}`);
    expect(output).toContain('log: only 1 lines, 0 tokens and 1 user ids were recorded');
    expect(code).toBe(1);
  },
);

/** Runs vitest with the reporter in a project of its own, with one test that does this. `kept`: the records it left. */
async function runVitest(body: string, args: readonly string[] = []) {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-log-reporter-'));
  const reporter = path.join(repository, 'test/reporter');
  const files = {
    'vitest.config.ts': `
      import { LogReporter } from '${reporter}/log-reporter.ts';
      export default { test: { reporters: ['default', new LogReporter()] } };`,
    'one.test.ts': `
      import { test } from 'vitest';
      import { recordDatum, recordLogLine } from '${reporter}/run-record.ts';
      test('logs', () => { ${body} });`,
    'two.test.ts': `import { test } from 'vitest'; test('logs nothing', () => {});`,
  };
  try {
    symlinkSync(path.join(repository, 'node_modules'), path.join(folder, 'node_modules'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    const vitest = path.join(repository, 'node_modules/vitest/vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], NO_COLOR: '1', TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => (output += data.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, output, kept: readdirSync(folder).filter((name) => name.startsWith('parley-test-log-')) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
