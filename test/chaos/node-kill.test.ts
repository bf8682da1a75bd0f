import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const run = chaosRun('node-kill', [
  ...['--kills', '3', '--away', '1'],
  ...['--pairs', '8', '--rooms', '2', '--seconds', '60'],
]) as ChaosRun<ChaosReport>;

test.concurrent('S6, N3: clients of killed nodes lose nothing, and who does not return is seen leaving once', async (context) => {
  const { status, report } = await run(context, '--seed', '41');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ lost: 0, doubled: 0, out_of_order: 0, spurious_left: 0, ghosts: 0 });
  expect(report).toMatchObject({ kills: 4, absent: 0, wrong_views: 0 });
  expect(report.kills_in_flight).toBeGreaterThan(report.kills / 2);
  expect(report.past_window?.clients).toBeGreaterThan(0);
  expect(report.past_window?.left_once).toBe(report.past_window?.clients);
  expect(report.past_window?.left_after_ms[1]).toBeLessThanOrEqual(10_000);
  expect(status).toBe(0);
});

test.concurrent('N3: nodes of which none takes over what a dead one left are found out', async (context) => {
  const { status, report } = await run(context, '--seed', '42', '--sabotage', 'reaper');
  expect(report.past_window?.left_once).toBe(0);
  expect(report).toMatchObject({ sabotage: 'reaper', kept: false, lost: 0, doubled: 0 });
  expect(status).toBe(1);
});
