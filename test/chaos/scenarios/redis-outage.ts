import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { allTalk } from '../talking/all-talk.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  outages: { says: 'times that Redis is away, killed and stopped in turn', fallback: 4 },
  away: { says: 'how long it is away, in milliseconds', fallback: 8_000 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 180 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options>;

/** How long all may take to be told that Redis is there again. */
const backTimeoutMs = 10_000;
/** For long enough afterwards, that whoever were taken for dead would be seen leaving. */
const pauseMs = 10_000;

export const redisOutage = talkingScenario({
  name: 'redis-outage',
  summary: 'lets Redis be away for longer than the lease of a node, and than the window of a client',
  options,
  sabotage: ['grace'],
  promise: promised.redisKilled,
  nodes: 3,
  redis: 'always',
  // It is away for longer than a request waits, and than is asked afterwards what became of it.
  mayRefuse: ['UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  maxPauseMs: () => 1_000,
  breakThings,
  aims: ({ counts, crowd, tally: { observations } }) => {
    const clients = crowd.members.length;
    return [
      { name: 'told_away', has: observations.toldAway, wants: counts.outages * clients },
      { name: 'told_back', has: observations.toldBack, wants: counts.outages * clients },
      { name: 'stayed connected', has: clients - observations.resumes, wants: clients },
    ];
  },
});

async function breakThings(run: Run): Promise<void> {
  const { counts, crowd, isOver, pause, tell, until } = run;
  const { kills, ledger, observations } = run.tally;
  const redis = run.redis();
  for (let outage = 1; outage <= counts.outages && !isOver(); outage++) {
    await pause(pauseMs / 4);
    tell('Redis is away');
    const isKilled = outage % 2 === 1;
    if (isKilled) {
      kills.add(ledger.open > 0);
      await redis.kill();
    } else {
      redis.pause();
    }
    await pause(counts.away);
    if (isKilled) await redis.restart();
    else redis.resume();
    tell('Redis is back');
    await until(() => observations.toldBack >= outage * crowd.members.length, backTimeoutMs);
    await allTalk(run);
    await pause(pauseMs);
  }
}
