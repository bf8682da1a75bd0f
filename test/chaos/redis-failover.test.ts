import { expect, test } from 'vitest';
import type { FailoverReport } from './failover/failover-count.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const few = ['--pairs', '8', '--rooms', '2', '--seconds', '40'];
const failover = chaosRun('redis-failover', ['--failovers', '1', ...few]) as ChaosRun<FailoverReport>;
const failoverReplicaAck = chaosRun('redis-failover-replica-ack', [
  ...['--failovers', '1', ...few],
]) as ChaosRun<FailoverReport>;
const zeros = { lost: 0, doubled: 0, out_of_order: 0, started_anew: 0, spurious_left: 0, ghosts: 0 };

test.concurrent('S6, N4: of what a failover lost each client was told that has not got it', async (context) => {
  const { status, report } = await failover(context, '--seed', '61');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ ...zeros, failovers: 1, kills: 1 });
  expect(report.entries_lost).toBeGreaterThan(0);
  expect(report.said_gone).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test.concurrent('S6: with ack=replica nothing acknowledged is lost, though a replica was held back', async (context) => {
  const { status, report } = await failoverReplicaAck(context, '--seed', '62');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ ...zeros, failovers: 1, acknowledged_gone: 0, acknowledged_alone: 0 });
  expect(report.entries_held_back).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test.concurrent('S6, N4: nodes that take one history of Redis for another are found out', async (context) => {
  const { status, report } = await failover(context, '--seed', '64', '--sabotage', 'lineage');
  expect(report.lost).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'lineage', kept: false });
  expect(status).toBe(1);
});

test.concurrent('S6: nodes that acknowledge what no replica has are found out', async (context) => {
  const { status, report } = await failoverReplicaAck(context, '--seed', '65', '--sabotage', 'wait');
  expect(report.acknowledged_alone).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'wait', kept: false });
  expect(status).toBe(1);
});
