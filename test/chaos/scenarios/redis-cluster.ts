import { clusterFigures } from '../cluster/cluster-count.ts';
import { type ClusterServers, clusterDeployment } from '../cluster/cluster-deployment.ts';
import { killMaster } from '../cluster/kill-master.ts';
import { moveRoom } from '../cluster/move-room.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, particularsOf, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  moves: { says: 'times that the slot of a room is moved to another master', fallback: 6 },
  slow: { says: 'the pause after each key that moves, in milliseconds', fallback: 60 },
  held: {
    says: 'how long a slot stays on its way before its first key goes, and again after its last, in milliseconds',
    fallback: 2_500,
  },
  kills: { says: 'times that a master is killed and its replica takes its place', fallback: 2 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 240 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options, ClusterServers>;

const pauseMs = [1_000, 3_000] as const;

export const redisCluster = talkingScenario<typeof options, ClusterServers>({
  name: 'redis-cluster',
  summary: 'moves the slots of rooms between the masters of a cluster while all talk, and kills masters',
  options,
  sabotage: ['retry'],
  promise: promised.failover,
  alsoPromised: [promised.slotMoved],
  nodes: 3,
  redis: clusterDeployment,
  mayRefuse: ['UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  maxPauseMs: () => 500,
  breakThings,
  aims(run) {
    const { kills } = run.tally;
    const { moves, movesServed, commitsDuringMove, tryAgainSeen } = run.redis().count;
    return [
      { name: 'moves', has: moves, wants: run.counts.moves },
      { name: 'commits_during_move', has: commitsDuringMove, wants: 1 },
      { name: 'moves_served', has: movesServed, wants: run.counts.moves },
      { name: 'tryagain_seen', has: tryAgainSeen, wants: 1 },
      { name: 'kills', has: kills.total, wants: run.counts.kills },
    ];
  },
  particulars(run) {
    const { count } = run.redis();
    const { ledger, startedAnewRightly } = run.tally;
    return particularsOf(clusterFigures, {
      moves: count.moves,
      commits_during_move: count.commitsDuringMove,
      moves_served: count.movesServed,
      tryagain_seen: count.tryAgainSeen,
      resumes_by_moves: count.resumesByMoves,
      refused_by_moves: count.refusedByMoves,
      entries_lost: count.entriesLost,
      acknowledged_gone: ledger.acknowledgedGone,
      told_gone: startedAnewRightly,
    });
  },
  broken(run) {
    const { resumesByMoves, refusedByMoves } = run.redis().count;
    return [
      ...(resumesByMoves > 0
        ? [`resumes_by_moves: ${resumesByMoves} clients had to come back by a move`]
        : []),
      ...(refusedByMoves > 0 ? [`refused_by_moves: ${refusedByMoves} messages were refused by a move`] : []),
    ];
  },
});

async function breakThings(run: Run): Promise<void> {
  const { counts, random, tally, isOver, pause, tell } = run;
  const { count } = run.redis();
  tell('moving slots');
  while (count.moves < counts.moves && !isOver()) await moveRoom(run, counts);
  tell('killing masters');
  while (tally.kills.total < counts.kills && !isOver()) {
    await pause(random.int(...pauseMs));
    await killMaster(run);
  }
  await pause(pauseMs[1]);
}
