import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  flushes: { says: 'times that Redis loses all that it has, the last time by a restart', fallback: 5 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 180 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options>;

/** How long all may take to be told that their rooms started anew. */
const toldTimeoutMs = 20_000;
/** Between two losses, and after the last. */
const pauseMs = [1_000, 3_000] as const;

export const redisFlush = talkingScenario({
  name: 'redis-flush',
  summary: 'takes from Redis all that it has while all talk, by FLUSHALL and by a restart without a file',
  options,
  sabotage: ['restore'],
  promise: promised.flush,
  nodes: 3,
  redis: 'in-memory',
  mayRefuse: ['UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  maxPauseMs: () => 500,
  breakThings,
  aims: ({ counts, crowd, tally: { observations } }) => {
    const clients = crowd.members.length;
    return [
      { name: 'told anew', has: observations.startsAnew, wants: counts.flushes * clients },
      { name: 'stayed connected', has: clients - observations.resumes, wants: clients },
    ];
  },
});

async function breakThings(run: Run): Promise<void> {
  const { counts, crowd, tally, random, isOver, pause, tell, until } = run;
  const { observations, kills, ledger } = tally;
  const redis = run.redis();
  for (let flush = 1; flush <= counts.flushes && !isOver(); flush++) {
    await pause(random.int(...pauseMs));
    for (const { client } of crowd.members) tally.letStartAnew(client.name);
    if (flush > 1 && flush === counts.flushes) {
      tell('Redis starts again, empty');
      kills.add(ledger.open > 0);
      await redis.kill();
      await redis.restart();
    } else {
      tell('Redis is flushed');
      await redis.call('FLUSHALL');
    }
    const isTold = () => crowd.members.every(({ client }) => observations.startsAnewOf(client.name) >= flush);
    await until(isTold, toldTimeoutMs);
    tell('talking');
  }
  await pause(pauseMs[1]);
}
