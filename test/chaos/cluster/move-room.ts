import { setTimeout as delay } from 'node:timers/promises';
import { readGauges } from '../churn/metrics.ts';
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
/** A commit may wait until a move is over that takes no longer; one that takes longer, on a busy machine, may rightly outlast it. */
const shortMs = 1_500;

/** Moves the slot of a room to another master while all talk: key by key, with a pause after each step. */
export async function moveRoom(run: ClusterRun, pauseMs: number): Promise<void> {
  const { crowd, nodes, random, tally } = run;
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
  const talks = crowd.inRoom(roomId).map(({ channel }) => ({ channel, from: channel.sent }));
  const startedMs = performance.now();
  await cluster.moveSlot(slot, from, to, () => delay(pauseMs), { keysInBatch: 1 });
  const tookMs = performance.now() - startedMs;
  const sent = talks.map((one) => ({ ...one, until: one.channel.sent }));
  await run.pause(answeredMs + random.int(0, pauseMs));
  count.moves += 1;
  for (const { channel, ...range } of sent)
    count.commitsDuringMove += channel.acceptedOf(range.from, range.until);
  count.tryAgainSeen += (await refusals(nodes)) - tryAgainBefore;
  count.resumesByMoves += tally.observations.resumes - resumesBefore;
  if (tookMs < shortMs) count.refusedByMoves += tally.ledger.refused - refusedBefore;
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
