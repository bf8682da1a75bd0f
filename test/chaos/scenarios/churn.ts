import { setTimeout as delay } from 'node:timers/promises';
import { brokenByChurn, type ChurnReport, churnCounts, churnTable } from '../churn/churn-report.ts';
import { CrowdOfVisits } from '../churn/crowd-of-visits.ts';
import { leftBehind } from '../churn/left-behind.ts';
import { metricsToken, readGauges } from '../churn/metrics.ts';
import { ownClasses } from '../churn/own-classes.ts';
import { gaugeNames, type Residue, residueOf } from '../churn/residue.ts';
import { leftInRedis } from '../left-in-redis/left-in-redis.ts';
import type { Node } from '../nodes/nodes.ts';
import { nodesOption, type Place, withNodes } from '../nodes/with-nodes.ts';
import { promised } from '../report/promised.ts';
import { runReport } from '../report/run-report.ts';
import { sabotagePreload } from '../sabotage/rules.ts';
import type { CountOptions, RunContext, Scenario } from '../scenario.ts';

const name = 'churn';

const options = {
  joins: { says: 'joins, each with its leave', fallback: 20_000 },
  warmup: { says: 'joins before the first measurement', fallback: 3_000 },
  connections: { says: 'clients at once', fallback: 500 },
  users: { says: 'users that they are', fallback: 500 },
  rooms: { says: 'rooms that they join', fallback: 100 },
  window: { says: 'their reconnection window, in milliseconds', fallback: 2_000 },
  ...nodesOption,
} satisfies CountOptions;

type Context = RunContext<typeof options>;

const emptyGraceMs = 300;
/** A node does nothing while its heap is written to the disk: it must not be taken for dead by then. */
const leaseMs = 60_000;
/** Several nodes, their Redis and all clients may have one machine, and it other work: how long a sign-in takes is `spike`'s subject. */
const signInMs = 15_000;
/** Beyond what the settings say: a node's own timers, one for all, go on for up to 2.5 s once nobody is left. */
const sweepMs = 3_500;
const quietTimeoutMs = 30_000;
/** How long it may take after that until nothing is left in Redis: the list of rooms is looked at each 10 s. */
const redisTimeoutMs = 30_000;
const lookEveryMs = 250;
/** What a node may be asking Redis for while it is looked at: its lease, those of the others, what is due, rooms of the list. */
const mostUnderway = 16;

export const churn: Scenario<typeof options> = {
  name,
  summary: 'lets clients come, join, leave and go at all points, and looks at what they leave behind',
  options,
  sabotage: ['forget'],
  async run(context) {
    const { options: given, counts } = context;
    const { sabotage } = given;
    const startedAtMs = performance.now();
    const seen = { joins: 0, leaves: 0, errors: 0 };
    const roomIds = Array.from({ length: counts.rooms }, (_, index) => `room-${index}`);
    const found = await withNodes(
      {
        count: counts.nodes,
        rooms: roomIds,
        env: {
          METRICS_TOKEN: metricsToken,
          RECONNECTION_WINDOW_MS: String(counts.window),
          RECONNECTION_WINDOW_MAX_MS: String(counts.window),
          ROOM_EMPTY_GRACE_MS: String(emptyGraceMs),
          ...(counts.nodes > 1 && {
            NODE_LEASE_MS: String(leaseMs),
            SIGN_IN_TIMEOUT_MS: String(signInMs),
            REDIS_TIMEOUT_MS: '4000',
          }),
        },
        preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
        isProbed: true,
        onEntry: ({ event, level }) => {
          if (event === 'room.join') seen.joins += 1;
          if (event === 'room.leave') seen.leaves += 1;
          if (level === 'error') seen.errors += 1;
        },
      },
      async (place) => {
        const crowd = await CrowdOfVisits.gather({
          nodes: place.nodes,
          seed: given.seed,
          users: counts.users,
          rooms: roomIds as [string, ...string[]],
          atOnce: counts.connections,
          stop: context.stop,
        });
        return { crowd, ...(await comeAndGo(context, place, crowd)) };
      },
    );
    const { crowd, phases, leftBehind } = found;
    const heapOf = (residues: Residues) =>
      [...residues.values()].reduce((sum, { heapBytes }) => sum + heapBytes, 0);
    const figures = {
      nodes: counts.nodes,
      visits: crowd.visits,
      visits_by_end: crowd.ends,
      joins: seen.joins,
      leaves: seen.leaves,
      resumes: crowd.resumes,
      too_late: crowd.tooLate,
      failures: crowd.failures,
      server_errors: seen.errors,
      left_behind: leftBehind,
      heap_bytes: [heapOf(phases.fresh), heapOf(phases.baseline), heapOf(phases.after)],
    } as const;
    const broken = brokenByChurn(figures, counts.joins);
    const ms = performance.now() - startedAtMs;
    const end = { name, options: given, ms, broken, promise: promised.connection };
    const report: ChurnReport = {
      ...runReport({ ...end, counts: { ...churnCounts(figures), cuts: crowd.cuts } }),
      ...figures,
    };
    return { report, table: churnTable(report) };
  },
};

/** What each node has, by its name. */
type Residues = ReadonlyMap<string, Residue>;

interface Found {
  readonly phases: Readonly<Record<'fresh' | 'baseline' | 'after', Residues>>;
  readonly leftBehind: readonly string[];
}

async function comeAndGo(
  { counts, progress }: Context,
  { nodes, redis }: Place,
  crowd: CrowdOfVisits,
): Promise<Found> {
  const { running } = nodes;
  const figures = () => [`${crowd.visits} visits`, `${crowd.joins} joins`];
  const residues = async (): Promise<Residues> => {
    const found = new Map<string, Residue>();
    for (const { name: node, server } of running) found.set(node, await residueOf(server));
    return found;
  };
  const measure = async (phase: string) => {
    progress(phase, figures());
    await becomeQuiet(running, counts.window);
    return residues();
  };
  progress('fresh', figures());
  const fresh = await residues();
  await crowd.churn(counts.warmup, () => progress('warming up', figures()));
  const baseline = await measure('warm');
  await crowd.churn(counts.warmup + counts.joins, () => progress('churning', figures()));
  const after = await measure('over');
  const names = running.map(({ name: node }) => node);
  return {
    phases: { fresh, baseline, after },
    leftBehind: [
      ...names.flatMap((node) => leftOn(node, { fresh, baseline, after }, counts)),
      ...(redis === undefined ? [] : await leftInRedis(redis, names, redisTimeoutMs)),
    ],
  };
}

function leftOn(
  node: string,
  { fresh, baseline, after }: Found['phases'],
  { rooms, users, nodes }: Context['counts'],
): readonly string[] {
  const [one, two, three] = [fresh.get(node), baseline.get(node), after.get(node)];
  if (one === undefined || two === undefined || three === undefined) return [`${node} was not measured`];
  const known = { own: ownClasses(), rooms, users, underway: nodes === 1 ? 0 : mostUnderway };
  const left = leftBehind({ fresh: one, baseline: two, after: three }, known);
  return nodes === 1 ? left : left.map((what) => `${node}: ${what}`);
}

/** Until nobody is connected, and until all that is kept for a while for those who went is over its time. */
async function becomeQuiet(nodes: readonly Node[], windowMs: number): Promise<void> {
  const deadlineMs = performance.now() + quietTimeoutMs;
  while (performance.now() < deadlineMs) {
    const gauges = await Promise.all(nodes.map(({ server }) => readGauges(server, gaugeNames)));
    if (gauges.every((some) => Object.values(some).every((value) => value === 0))) break;
    await delay(lookEveryMs);
  }
  // The window, then how a session ended is told for as long, while its rooms are empty and go.
  await delay(2 * windowMs + emptyGraceMs + sweepMs);
}
