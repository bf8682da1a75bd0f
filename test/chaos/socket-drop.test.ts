import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const run = chaosRun('socket-drop', [
  ...['--relays', '400', '--cuts', '24', '--resumes', '10'],
  ...['--pairs', '12', '--rooms', '2', '--seconds', '30'],
]) as ChaosRun<ChaosReport>;

test('S6, N1, P3: with sockets cut at random bytes, clients that come back to other nodes lose nothing', async (context) => {
  const { status, report } = await run(context, '--seed', '31');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({
    nodes: 3,
    lost: 0,
    doubled: 0,
    out_of_order: 0,
    spurious_left: 0,
    ghosts: 0,
  });
  expect(report.cuts).toBeGreaterThanOrEqual(24);
  expect(report.resumes_elsewhere).toBeGreaterThan(report.resumes / 3);
  expect(report.past_window).toMatchObject({ clients: 1, left_once: 1, told: 1, right_snapshots: 1 });
  expect(status).toBe(0);
});

test.concurrent('S6, P3: a server whose scripts take every commit as new is found out', async (context) => {
  const { status, report } = await run(context, '--seed', '32', '--sabotage', 'dedupe');
  expect(report.doubled).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'dedupe', kept: false });
  expect(status).toBe(1);
});

test.concurrent('S6, P3: a server that keeps from those who come back what another node wrote is found out', async (context) => {
  const { status, report } = await run(context, '--seed', '33', '--sabotage', 'replay');
  expect(report.lost + report.started_anew).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'replay', kept: false });
  expect(status).toBe(1);
});
