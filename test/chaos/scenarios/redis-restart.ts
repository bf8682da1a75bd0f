import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  kills: { says: 'times that Redis is killed and started again', fallback: 10 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 180 }),
} satisfies CountOptions;

/** Between two kills, and after the last. */
const pauseMs = [2_000, 5_000] as const;

export const redisRestart = talkingScenario({
  name: 'redis-restart',
  summary: 'kills Redis while all talk, and starts it again from what it has on its disk',
  options,
  sabotage: ['dedupe'],
  promise: promised.redisKilled,
  nodes: 3,
  redis: 'always',
  maxPauseMs: () => 500,
  breakThings,
  aims: ({ counts, tally: { kills } }) => [
    { name: 'kills', has: kills.total, wants: counts.kills },
    { name: 'kills_in_flight', has: kills.inFlight, wants: Math.floor(kills.total / 2) + 1 },
  ],
});

async function breakThings(run: TalkingRun<typeof options>): Promise<void> {
  const { counts, tally, random, isOver, pause, tell } = run;
  const { kills, ledger } = tally;
  tell('killing Redis');
  while (kills.total < counts.kills && !isOver()) {
    await pause(random.int(...pauseMs));
    kills.add(ledger.open > 0);
    await run.redis().kill();
    await run.redis().restart();
  }
  await pause(pauseMs[1]);
}
