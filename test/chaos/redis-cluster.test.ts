import { expect, test } from 'vitest';
import type { ClusterReport } from './cluster/cluster-count.ts';
import { type ChaosRun, chaosRun } from './run-chaos.ts';

const cluster = chaosRun('redis-cluster', [
  ...['--moves', '1', '--kills', '1'],
  ...['--pairs', '8', '--rooms', '2', '--seconds', '40'],
]) as ChaosRun<ClusterReport>;

const zeros = { lost: 0, doubled: 0, out_of_order: 0, started_anew: 0, spurious_left: 0, ghosts: 0 };

test.concurrent('N1, S6: a slot that moves under traffic, and a master that is killed, cost nobody a message', async (context) => {
  const { status, report } = await cluster(context, '--seed', '63');
  expect([...report.broken, ...report.ended_as]).toEqual([]);
  expect(report).toMatchObject({ ...zeros, moves: 1, moves_served: 1, kills: 1 });
  expect(report).toMatchObject({ resumes_by_moves: 0, refused_by_moves: 0 });
  expect(report.commits_during_move).toBeGreaterThan(0);
  expect(report.tryagain_seen).toBeGreaterThan(0);
  expect(status).toBe(0);
});

test.concurrent('N1: nodes that do not ask again while a slot moves are found out', async (context) => {
  const { status, report } = await cluster(context, '--seed', '66', '--sabotage', 'retry');
  expect(report.server_errors).toBeGreaterThan(0);
  expect(report).toMatchObject({ sabotage: 'retry', kept: false, lost: 0, doubled: 0 });
  expect(status).toBe(1);
});
