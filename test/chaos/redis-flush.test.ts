import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const run = chaosRun('redis-flush', [
  ...['--flushes', '2', '--pairs', '6', '--rooms', '2', '--seconds', '30'],
]) as ChaosRun<ChaosReport>;

test.concurrent('N4: clients of a Redis that loses everything stay connected, are told, and have their rooms again', async (context) => {
  const { status, report } = await run(context, '--seed', '51');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ kills: 1, resumes: 0, started_anew: 0, spurious_left: 0 });
  expect(report).toMatchObject({ lost: 0, doubled: 0, out_of_order: 0, contradicted: 0 });
  expect(report).toMatchObject({ ghosts: 0, absent: 0, wrong_views: 0 });
  expect(status).toBe(0);
});

test.concurrent('N4: nodes that put nothing back are found out', async (context) => {
  const { status, report } = await run(context, '--seed', '52', '--sabotage', 'restore');
  expect(report.spurious_left + report.absent).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'restore', kept: false });
  expect(status).toBe(1);
});
