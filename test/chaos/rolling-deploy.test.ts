import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const run = chaosRun('rolling-deploy', [
  ...['--passes', '1', '--pace', '6'],
  ...['--pairs', '12', '--rooms', '2', '--seconds', '40'],
]) as ChaosRun<ChaosReport>;

test.concurrent('S7, N1: while every node is replaced clients move no faster than they are told, and lose nothing', async (context) => {
  const { status, report } = await run(context, '--seed', '51');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ lost: 0, doubled: 0, out_of_order: 0, spurious_left: 0, ghosts: 0 });
  expect(report).toMatchObject({ drains: 3, cut_off: 0, unclean_exits: 0, left_behind: [] });
  expect(report.moved).toBeGreaterThanOrEqual(24);
  expect(report.resumes_elsewhere).toBe(report.moved);
  expect(report.most_moves_per_second).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test.concurrent('S7: nodes whose clients move all at once are found out', async (context) => {
  const { status, report } = await run(context, '--seed', '52', '--sabotage', 'pace');
  expect(report.broken.join()).toContain('most_told_per_second');
  expect(report).toMatchObject({ sabotage: 'pace', kept: false, lost: 0, doubled: 0 });
  expect(status).toBe(1);
});
