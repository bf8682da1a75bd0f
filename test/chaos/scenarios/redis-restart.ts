import type { RedisServer } from '../../redis/redis-server.ts';
import { HoldingLink } from '../proxy/holding-link.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { type Deployment, oneServer } from '../talking/deployment.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  kills: { says: 'times that Redis is killed and started again', fallback: 10 },
  unanswered: { says: 'how long its answers are held back before, in milliseconds', fallback: 100 },
  ...crowdOptions({ pairs: 30, rooms: 6, seconds: 180 }),
} satisfies CountOptions;

/** A Redis, and the network between it and the nodes. */
interface Servers {
  readonly server: RedisServer;
  readonly link: HoldingLink;
}

/** Between two kills, and after the last. */
const pauseMs = [2_000, 5_000] as const;

export const redisRestart = talkingScenario<typeof options, Servers>({
  name: 'redis-restart',
  summary: 'kills Redis while all talk, and starts it again from what it has on its disk',
  options,
  sabotage: ['dedupe'],
  promise: promised.redisKilled,
  nodes: 3,
  redis: behindLink,
  maxPauseMs: () => 500,
  breakThings,
  aims: ({ counts, tally: { kills } }) => [
    { name: 'kills', has: kills.total, wants: counts.kills },
    { name: 'kills_in_flight', has: kills.inFlight, wants: Math.floor(kills.total / 2) + 1 },
  ],
});

async function behindLink(): Promise<Deployment<Servers>> {
  const deployed = await oneServer('always');
  const { servers: server } = deployed;
  const link = await HoldingLink.open(server.port);
  return {
    servers: { server, link },
    env: { REDIS_URL: `redis://127.0.0.1:${link.port}` },
    async stop() {
      await link.close();
      await deployed.stop();
    },
  };
}

async function breakThings(run: TalkingRun<typeof options, Servers>): Promise<void> {
  const { counts, tally, random, isOver, pause, tell } = run;
  const { server, link } = run.redis();
  const { kills, ledger } = tally;
  tell('killing Redis');
  while (kills.total < counts.kills && !isOver()) {
    await pause(random.int(...pauseMs));
    // What is carried out from here on is never answered: it must not be done a second time.
    link.hold();
    await pause(counts.unanswered);
    kills.add(ledger.open > 0);
    await server.kill();
    link.cut();
    await server.restart();
  }
  await pause(pauseMs[1]);
}
