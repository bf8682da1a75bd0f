import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const run = chaosRun('node-freeze', [
  ...['--freezes', '1', '--frozen', '7000'],
  ...['--pairs', '8', '--rooms', '2', '--seconds', '40'],
]) as ChaosRun<ChaosReport>;

test.concurrent('S6, N3: a node that is stopped for a while and goes on changes nothing that is no longer its own', async (context) => {
  const { status, report } = await run(context, '--seed', '71');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ lost: 0, doubled: 0, out_of_order: 0, refused: 0, silent: 0 });
  expect(report).toMatchObject({ freezes: 1, spurious_left: 0, ghosts: 0, absent: 0, wrong_views: 0 });
  expect(report.resumes_elsewhere).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test.concurrent('S6, N3: a node that goes on with what was taken from it is found out', async (context) => {
  const { status, report } = await run(context, '--seed', '72', '--sabotage', 'fence');
  expect(report.spurious_left).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'fence', kept: false });
  expect(status).toBe(1);
});
