import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, type TestContext, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const short = ['--relays', '400', '--cuts', '30', '--pairs', '6', '--rooms', '2', '--seconds', '20'];

/** `npm run chaos -- socket-drop-one-node --json` without the build, in a short form. */
async function runChaos(
  { onTestFinished }: TestContext,
  ...args: readonly string[]
): Promise<{ status: number; report: ChaosReport }> {
  const command = ['test/chaos/main.ts', 'socket-drop-one-node', '--json', ...short, ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void child.kill('SIGTERM'));
  const ended = once(child, 'close') as Promise<[number]>;
  const report = JSON.parse(await text(child.stdout)) as ChaosReport;
  const [status] = await ended;
  return { status, report };
}

test('S5, P3: with sockets cut at random bytes nothing is lost, doubled or out of order, and nobody is seen leaving', async (context) => {
  const { status, report } = await runChaos(context, '--seed', '11');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({
    kept: true,
    lost: 0,
    doubled: 0,
    out_of_order: 0,
    spurious_left: 0,
    ghosts: 0,
  });
  expect(report.delivered).toBeGreaterThanOrEqual(400);
  expect(report.cuts).toBeGreaterThanOrEqual(30);
  expect(report.cuts_in_flight).toBeGreaterThan(report.cuts / 2);
  // Each of those kept away past its window was seen leaving once, was told, and has the room as it is.
  expect(report.past_window).toMatchObject({ clients: 1, left_once: 1, told: 1, right_snapshots: 1 });
  expect(report.resumes - report.resumes_ok).toBe(1);
  expect(status).toBe(0);
});

test.concurrent('S5, P3: a server that forgets which requests it has applied is found out', async (context) => {
  const { status, report } = await runChaos(context, '--seed', '12', '--sabotage', 'dedupe');
  expect(report.doubled).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'dedupe', kept: false, lost: 0 });
  expect(status).toBe(1);
});

test.concurrent('S5, P3: a server that keeps from those who come back what they missed is found out', async (context) => {
  const { status, report } = await runChaos(context, '--seed', '13', '--sabotage', 'replay');
  expect(report.lost).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'replay', kept: false, doubled: 0 });
  expect(status).toBe(1);
});
