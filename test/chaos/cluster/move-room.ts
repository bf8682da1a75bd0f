import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../redis/redis-server.ts';
import { readGauges } from '../churn/metrics.ts';
import { roomTop } from '../failover/room-tops.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { CrowdOptions, TalkingRun } from '../talking/talking-run.ts';
import type { ClusterServers } from './cluster-deployment.ts';

export type ClusterRun = Pick<
  TalkingRun<CrowdOptions, ClusterServers>,
  'crowd' | 'isOver' | 'nodes' | 'pause' | 'random' | 'redis' | 'rooms' | 'tally' | 'until'
>;

const tryAgain = 'redis_refusals_total{kind="TRYAGAIN"}';
/** By then after a move it is known of each message what became of it: a commit is tried for 2 s. */
const answeredMs = 2_500;
/** So long there is a pause after each key, in milliseconds: while the keys of a room are here and there its commits wait, and not for ever. */
const scatteredMs = 1_000;

export interface MoveTimes {
  /** The pause after each key, in milliseconds. */
  readonly slow: number;
  /** How long the slot stays on its way before the first key goes, and again after the last, in milliseconds. */
  readonly held: number;
}

/** Moves the slot of a room to another master while all talk: key by key. */
export async function moveRoom(run: ClusterRun, { slow, held }: MoveTimes): Promise<void> {
  const { nodes, random, tally } = run;
  const { cluster, count } = run.redis();
  const roomId = pick(run, run.rooms);
  const slot = await cluster.slotOf(`room:{${roomId}}:state`);
  const from = await cluster.masterOf(slot);
  const to = pick(
    run,
    (await cluster.masters()).filter((master) => master !== from),
  );
  const tryAgainBefore = await refusals(nodes);
  const resumesBefore = tally.observations.resumes;
  const refusedBefore = tally.ledger.refused;
  const entries = { before: 0, after: 0 };
  let scatteredAtMs = 0;
  let top = 0;
  await cluster.moveSlot(
    slot,
    from,
    to,
    async (step) => {
      if (step === 'migrating') {
        top = await roomTop(from, roomId, true);
        entries.before = await entriesIn(held, from, roomId);
        scatteredAtMs = performance.now();
      }
      if (step === 'batch' && performance.now() - scatteredAtMs < scatteredMs) await delay(slow);
      if (step === 'moved') {
        entries.after = await entriesIn(held, to, roomId);
        count.commitsDuringMove += (await roomTop(to, roomId, true)) - top;
      }
    },
    { keysInBatch: 1 },
  );
  await run.pause(answeredMs + random.int(0, slow));
  count.moves += 1;
  if (entries.before > 0 && entries.after > 0) count.movesServed += 1;
  count.tryAgainSeen += (await refusals(nodes)) - tryAgainBefore;
  count.resumesByMoves += tally.observations.resumes - resumesBefore;
  count.refusedByMoves += tally.ledger.refused - refusedBefore;
}

/** How many entries a room gets in so many milliseconds. */
async function entriesIn(ms: number, server: RedisServer, roomId: string): Promise<number> {
  const before = await roomTop(server, roomId, true);
  await delay(ms);
  return (await roomTop(server, roomId, true)) - before;
}

/** How often all nodes together were told TRYAGAIN. */
async function refusals(nodes: Nodes): Promise<number> {
  const found = await Promise.all(nodes.running.map(({ server }) => readGauges(server, [tryAgain])));
  // A count stands in the text from the first on.
  return found.reduce((sum, { [tryAgain]: count }) => sum + (Number.isNaN(count) ? 0 : count), 0);
}

function pick<Item>({ random }: Pick<ClusterRun, 'random'>, items: readonly Item[]): Item {
  const [first, ...others] = items;
  if (first === undefined) throw new Error('there is nothing to choose from');
  return random.pick([first, ...others]);
}
