import { type FailoverServers, failOver, holdAllBack } from '../failover/fail-over.ts';
import { failoverFigures } from '../failover/failover-count.ts';
import { sentinelDeployment } from '../failover/sentinel-deployment.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, type Particular, particularsOf, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  failovers: { says: 'times that the primary is killed and a replica takes its place', fallback: 5 },
  held: { says: 'how long a replica is held back before, in milliseconds', fallback: 1_000 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 240 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options, FailoverServers>;

/** Between two failovers, and after the last. */
const pauseMs = [1_000, 3_000] as const;
const mayRefuse = ['UNAVAILABLE', 'OUTCOME_UNKNOWN'];
const maxPauseMs = () => 500;

export const redisFailover = talkingScenario<typeof options, FailoverServers>({
  name: 'redis-failover',
  summary: 'holds the replica back and kills the primary, so that acknowledged entries are lost',
  options,
  sabotage: ['lineage', 'vouch'],
  promise: promised.failover,
  nodes: 3,
  redis: () => sentinelDeployment(1, 'memory'),
  mayRefuse,
  maxPauseMs,
  breakThings: failOverAndOver,
  aims: (run) => [
    ...killAims(run),
    { name: 'failovers that lost entries', has: run.redis().count.lossy, wants: run.counts.failovers },
  ],
  particulars,
});

export const redisFailoverReplicaAck = talkingScenario<typeof options, FailoverServers>({
  name: 'redis-failover-replica-ack',
  summary: 'the same with REDIS_ACK=replica and a second replica, which has all that was acknowledged',
  options,
  sabotage: ['wait'],
  promise: promised.failoverReplicaAck,
  nodes: 3,
  redis: () => sentinelDeployment(2, 'replica'),
  mayRefuse,
  maxPauseMs,
  async breakThings(run) {
    run.tell('holding all back');
    await holdAllBack(run, 2 * run.counts.held);
    if (run.redis().count.acknowledgedAlone === 0) await failOverAndOver(run);
  },
  aims: (run) => {
    const { entriesHeldBack } = run.redis().count;
    return [...killAims(run), { name: 'entries_held_back', has: entriesHeldBack, wants: 1 }];
  },
  particulars,
  broken(run) {
    const { acknowledgedGone } = run.tally.ledger;
    const { acknowledgedAlone } = run.redis().count;
    return [
      ...(acknowledgedGone > 0
        ? [`acknowledged_gone: ${acknowledgedGone} messages that a replica should have had`]
        : []),
      ...(acknowledgedAlone > 0
        ? [`acknowledged_alone: ${acknowledgedAlone} messages without a replica that had them`]
        : []),
    ];
  },
});

async function failOverAndOver(run: Run): Promise<void> {
  const { counts, random, isOver, pause, tell } = run;
  const { count } = run.redis();
  tell('failing over');
  while (count.failovers < counts.failovers && !isOver()) {
    await pause(random.int(...pauseMs));
    await failOver(run, counts.held);
  }
  await pause(pauseMs[1]);
}

function killAims({ counts, tally: { kills } }: Run) {
  return [
    { name: 'kills', has: kills.total, wants: counts.failovers },
    { name: 'kills_in_flight', has: kills.inFlight, wants: Math.floor(kills.total / 2) + 1 },
  ];
}

function particulars(run: Run): readonly Particular[] {
  const { count } = run.redis();
  const { ledger, startedAnewRightly } = run.tally;
  return particularsOf(failoverFigures, {
    failovers: count.failovers,
    entries_held_back: count.entriesHeldBack,
    entries_lost: count.entriesLost,
    acknowledged_alone: count.acknowledgedAlone,
    acknowledged_gone: ledger.acknowledgedGone,
    told_gone: startedAnewRightly,
  });
}
