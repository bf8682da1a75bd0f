import { leftInRedis } from '../left-in-redis/left-in-redis.ts';
import { promised } from '../report/promised.ts';
import type { CountOptions } from '../scenario.ts';
import { crowdOptions, type TalkingRun } from '../talking/talking-run.ts';
import { talkingScenario } from '../talking/talking-scenario.ts';

const options = {
  passes: { says: 'times that every node is replaced', fallback: 2 },
  // The slowest at which 120 clients of one node have moved within the default DRAIN_TIMEOUT_MS.
  pace: { says: 'clients that may move a second, DRAIN_CLIENTS_PER_SECOND', fallback: 12 },
  ...crowdOptions({ pairs: 60, rooms: 6, seconds: 240 }),
} satisfies CountOptions;

type Run = TalkingRun<typeof options>;

const nodeCount = 3;
/** How late clients may be, in milliseconds: all of them are one process, and on a machine with other runs it comes late to its timers. */
const lateMs = 500;
/** How long all may take to be connected again once a node has ended. */
const backTimeoutMs = 10_000;
const pauseMs = 500;
/** What is kept for a while of those who went: an end is told for a window, an empty room is kept for its grace. */
const windowMs = 5_000;
const emptyGraceMs = 300;
/** How long it may take after that until nothing is left. */
const cleanTimeoutMs = 30_000;

export const rollingDeploy = talkingScenario({
  name: 'rolling-deploy',
  summary: 'replaces every node, one after another, by SIGTERM, while their clients talk and move',
  options,
  sabotage: ['pace'],
  promise: promised.connection,
  nodes: nodeCount,
  redis: 'in-memory',
  env: ({ pace }) => ({
    DRAIN_CLIENTS_PER_SECOND: String(pace),
    RECONNECTION_WINDOW_MS: String(windowMs),
    RECONNECTION_WINDOW_MAX_MS: String(windowMs),
    ROOM_EMPTY_GRACE_MS: String(emptyGraceMs),
    PRESENCE_TTL_MS: '3000',
  }),
  maxPauseMs: () => 500,
  breakThings: replaceAll,
  aims: ({ counts, tally: { moves } }) => [
    { name: 'drains', has: moves.drains, wants: counts.passes * nodeCount },
    { name: 'moved', has: moves.moved, wants: moves.due },
  ],
  broken: tooFast,
  leftBehind: ({ nodes, redis }) => {
    const names = nodes.running.map(({ name }) => name);
    return leftInRedis(redis(), names, cleanTimeoutMs);
  },
});

function tooFast({ counts, tally: { moves } }: Run): readonly string[] {
  // At the ends of a second two of them may fit that are a second apart.
  const mayTell = counts.pace + 1;
  const mayMove = mayTell + Math.ceil((counts.pace * lateMs) / 1_000);
  return [
    ...(moves.mostToldPerSecond > mayTell
      ? [`most_told_per_second: ${moves.mostToldPerSecond}, the pace allows ${mayTell}`]
      : []),
    ...(moves.mostPerSecond > mayMove
      ? [`most_moves_per_second: ${moves.mostPerSecond}, the pace allows ${mayMove}`]
      : []),
  ];
}

async function replaceAll(run: Run): Promise<void> {
  const { counts, crowd, nodes, tally, isOver, until, pause, tell } = run;
  tell('deploying');
  const isBroken = () => isOver() || tooFast(run).length > 0;
  for (let replaced = 0; replaced < counts.passes * nodeCount && !isBroken(); replaced++) {
    const [oldest] = nodes.running;
    if (oldest === undefined) throw new Error('no node runs');
    const clients = crowd.members.filter((member) => member.node() === oldest.name).length;
    await tally.moves.drain(clients, () => nodes.drain(oldest));
    await nodes.add(oldest.name);
    await until(() => crowd.members.every(({ client }) => client.isConnected), backTimeoutMs);
    await pause(pauseMs);
  }
}
