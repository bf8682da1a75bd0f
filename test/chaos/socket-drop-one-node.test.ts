import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const short = ['--relays', '400', '--cuts', '30', '--pairs', '6', '--rooms', '2', '--seconds', '20'];
const run = chaosRun('socket-drop-one-node', short) as ChaosRun<ChaosReport>;

test('S5, P3: with sockets cut at random bytes nothing is lost, doubled or out of order, and nobody is seen leaving', async (context) => {
  const { status, report } = await run(context, '--seed', '11');
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
  const { status, report } = await run(context, '--seed', '12', '--sabotage', 'dedupe');
  expect(report.doubled).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'dedupe', kept: false, lost: 0 });
  expect(status).toBe(1);
});

test.concurrent('S5, P3: a server that keeps from those who come back what they missed is found out', async (context) => {
  const { status, report } = await run(context, '--seed', '13', '--sabotage', 'replay');
  expect(report.lost + report.started_anew).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'replay', kept: false, doubled: 0 });
  expect(status).toBe(1);
});
