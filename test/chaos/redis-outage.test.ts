import { expect, test } from 'vitest';
import type { ChaosReport } from './report/chaos-report.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const few = ['--pairs', '8', '--rooms', '2', '--seconds', '60'];
const outage = chaosRun('redis-outage', [
  '--outages',
  '1',
  '--away',
  '5000',
  ...few,
]) as ChaosRun<ChaosReport>;
const restart = chaosRun('redis-restart', ['--kills', '2', ...few]) as ChaosRun<ChaosReport>;

test.concurrent('N4: clients of a Redis that is away for longer than a lease stay connected, are told, and talk again', async (context) => {
  const { status, report } = await outage(context, '--seed', '73');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ kills: 1, resumes: 0, lost: 0, doubled: 0, spurious_left: 0, silent: 0 });
  expect(report.told_back).toBeGreaterThanOrEqual(16);
  expect(status).toBe(0);
});

test.concurrent('N4: nodes that take each other for dead after an outage are found out', async (context) => {
  const { status, report } = await outage(context, '--seed', '74', '--sabotage', 'grace');
  expect(report.resumes).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'grace', kept: false });
  expect(status).toBe(1);
});

test.concurrent('N4: of what Redis has on its disk nothing is lost or doubled when it is killed', async (context) => {
  const { status, report } = await restart(context, '--seed', '75');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ kills: 2, lost: 0, doubled: 0, out_of_order: 0, refused: 0, resumes: 0 });
  expect(status).toBe(0);
});

test.concurrent('N4: nodes whose scripts take what is sent again for new are found out', async (context) => {
  const { status, report } = await restart(context, '--seed', '76', '--sabotage', 'dedupe');
  expect(report.doubled).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'dedupe', kept: false });
  expect(status).toBe(1);
});
