import type { RedisServer } from '../../redis/redis-server.ts';
import { Random } from '../../seeded-run/random.ts';
import { Crowd } from '../clients/crowd.ts';
import { compareRooms, hasRightView } from '../clients/room-view.ts';
import { talk } from '../clients/talk.ts';
import { Nodes } from '../nodes/nodes.ts';
import { brokenPastWindow, brokenPromises, brokenResumes } from '../report/broken-promises.ts';
import type { ChaosReport, Figures, PastWindow } from '../report/chaos-report.ts';
import { reportTable } from '../report/report-table.ts';
import { runReport } from '../report/run-report.ts';
import { Tally } from '../report/tally.ts';
import { sabotagePreload } from '../sabotage/rules.ts';
import type { RunContext, Scenario } from '../scenario.ts';
import { type Deployment, oneServer } from './deployment.ts';
import { settle } from './settle.ts';
import type { Aim, CrowdOptions, Particular, TalkingPlan, TalkingRun } from './talking-run.ts';

/** Ten times as often as by default, so that many are cut too, and a hole that nobody filled is soon noticed. */
const heartbeatIntervalMs = 1_000;
/** Two of a pair in the same room, and on average some twenty messages each way before a cut. */
const defaultMaxBytesBeforeCut = 30_000;
/** The stream of chance that decides what is broken. */
const chaosStream = 2_000_000;

interface Outcome {
  readonly figures: Figures;
  readonly particulars: readonly Particular[];
  /** What was broken beside the figures. */
  readonly broken: readonly string[];
  /** Resumes that rightly began anew. */
  readonly rightlyAnew: number;
  readonly pastWindow: PastWindow | undefined;
  readonly leftBehind: readonly string[] | undefined;
  readonly held: ChaosReport['held'];
  /** Why the run proves less than it should. */
  readonly shortcomings: readonly string[];
}

/** Clients in rooms talk, something breaks, and what becomes of their messages is counted. */
export function talkingScenario<Options extends CrowdOptions, Servers = RedisServer>(
  plan: TalkingPlan<Options, Servers>,
): Scenario<Options> {
  const { name, summary, options, sabotage } = plan;
  return {
    name,
    summary,
    options,
    sabotage,
    async run(context) {
      const { rooms, pairs } = context.counts;
      if (rooms > pairs) throw new Error(`${pairs} pairs do not fill ${rooms} rooms`);
      const startedAtMs = performance.now();
      const redis = await deploy(plan.redis);
      try {
        const outcome = await onNodes(plan, context, redis);
        const report = reportOf(plan, context, outcome, performance.now() - startedAtMs);
        return { report, table: reportTable(report, outcome.particulars) };
      } finally {
        await redis?.stop();
      }
    },
  };
}

async function deploy<Servers>(
  redis: TalkingPlan<CrowdOptions, Servers>['redis'],
): Promise<Deployment<Servers> | undefined> {
  if (redis === undefined || typeof redis === 'function') return await redis?.();
  // By its type only where the servers are one.
  return (await oneServer(redis)) as Deployment<unknown> as Deployment<Servers>;
}

async function onNodes<Options extends CrowdOptions, Servers>(
  plan: TalkingPlan<Options, Servers>,
  context: RunContext<Options>,
  redis: Deployment<Servers> | undefined,
): Promise<Outcome> {
  const { seed, sabotage } = context.options;
  const tally = new Tally(plan.mayRefuse);
  const rooms = Array.from({ length: context.counts.rooms }, (_, index) => `room-${index}`);
  const nodes = await Nodes.start({
    count: plan.nodes,
    rooms,
    env: {
      HEARTBEAT_INTERVAL_MS: String(heartbeatIntervalMs),
      ...redis?.env,
      ...plan.env?.(context.counts),
    },
    preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
    isProbed: plan.isProbed ?? false,
    onEntry: ({ level, event = '' }) => {
      if (level === 'error') tally.serverError(event);
    },
    onLoss: () => tally.loseServer(),
  });
  try {
    context.progress('entering', tally.progress());
    const { maxBytesBeforeCut = defaultMaxBytesBeforeCut } = plan;
    const crowd = await Crowd.enter({
      nodes,
      seed,
      pairs: context.counts.pairs,
      rooms,
      maxBytesBeforeCut,
      tally,
      ...(plan.tokenLifeS !== undefined && { tokenLifeS: plan.tokenLifeS }),
    });
    const run = runOf(context, { rooms, tally, nodes, redis, crowd });
    let outcome: Outcome;
    try {
      outcome = await withCrowd(plan, context, run);
    } finally {
      await crowd.close();
    }
    if (plan.leftBehind === undefined || outcome.broken.length > 0) return outcome;
    run.tell('left behind');
    return { ...outcome, leftBehind: await plan.leftBehind(run) };
  } finally {
    await nodes.stop();
  }
}

function runOf<Options extends CrowdOptions, Servers>(
  { counts, options, progress, stop }: RunContext<Options>,
  parts: Pick<TalkingRun, 'rooms' | 'tally' | 'nodes' | 'crowd'> & {
    readonly redis: Deployment<Servers> | undefined;
  },
): TalkingRun<Options, Servers> {
  const { tally, redis } = parts;
  const untilMs = performance.now() + counts.seconds * 1_000;
  let phase = 'talking';
  const isOver = () => stop.aborted || tally.isBroken || performance.now() >= untilMs;
  const until = async (holds: () => boolean, timeoutMs = Number.POSITIVE_INFINITY) => {
    const isDone = () => {
      progress(phase, tally.progress());
      return isOver() || holds();
    };
    await tally.changes.until(isDone, Math.max(0, Math.min(timeoutMs, untilMs - performance.now())));
    return holds();
  };
  return {
    ...parts,
    counts,
    redis() {
      if (redis === undefined) throw new Error('this run has no Redis');
      return redis.servers;
    },
    random: new Random(options.seed, chaosStream),
    isOver,
    until,
    async pause(ms) {
      await until(() => false, ms);
    },
    tell(name) {
      phase = name;
      progress(phase, tally.progress());
    },
  };
}

async function withCrowd<Options extends CrowdOptions, Servers>(
  plan: TalkingPlan<Options, Servers>,
  { stop }: RunContext<Options>,
  run: TalkingRun<Options, Servers>,
): Promise<Outcome> {
  const { tally, crowd, nodes, rooms } = run;
  const { ledger } = tally;
  const talking = new AbortController();
  const maxPauseMs = plan.maxPauseMs(run.counts.pairs);
  for (const member of crowd.members) void talk(member, { ledger, maxPauseMs, stop: talking.signal });
  try {
    await plan.breakThings(run);
  } finally {
    crowd.mend();
    talking.abort();
  }
  stop.throwIfAborted();
  const shortcomings = plan.aims(run).flatMap(shortcoming);
  run.tell('settling');
  await settle(crowd, tally);
  let pastWindow: PastWindow | undefined;
  if (plan.keepAway && shortcomings.length === 0 && brokenPromises(tally.figures()).length === 0) {
    run.tell('past the window');
    pastWindow = await plan.keepAway(run);
  }
  if (!tally.isServerGone) Object.assign(tally, await compareRooms(nodes, crowd, rooms));
  tally.wrongViews = crowd.members.filter((member) => !hasRightView(member, crowd)).length;
  // Before the clients close, which answers what still waits.
  return {
    figures: tally.figures(),
    particulars: plan.particulars?.(run) ?? [],
    broken: plan.broken?.(run) ?? [],
    rightlyAnew: tally.resumedAnewRightly,
    pastWindow,
    leftBehind: undefined,
    held: tally.samples.count > 0 ? tally.samples.steadiness : undefined,
    shortcomings,
  };
}

function shortcoming({ name, has, wants }: Aim): readonly string[] {
  return has >= wants ? [] : [`${name}: ${has} of ${wants}`];
}

function reportOf<Options extends CrowdOptions, Servers>(
  { name, promise, alsoPromised, nodes }: TalkingPlan<Options, Servers>,
  { options }: RunContext<Options>,
  { figures, particulars, broken: others, rightlyAnew, pastWindow, leftBehind, held, shortcomings }: Outcome,
  ms: number,
): ChaosReport {
  const promises = [
    ...brokenPromises(figures),
    ...others,
    ...brokenResumes(figures, rightlyAnew),
    ...(pastWindow === undefined ? [] : brokenPastWindow(pastWindow)),
    ...(leftBehind ?? []).map((what) => `left_behind: ${what}`),
  ];
  // A run that broke something ended early, and falls short for that reason alone.
  const broken = promises.length > 0 ? promises : shortcomings;
  return {
    ...runReport({ name, options, ms, broken, promise, counts: figures }),
    ...(alsoPromised && { also_promised: alsoPromised }),
    nodes,
    ...figures,
    ...Object.fromEntries(particulars.map(({ name: figure, value }) => [figure, value])),
    ...(pastWindow && { past_window: pastWindow }),
    ...(leftBehind && { left_behind: leftBehind }),
    ...(held && { held }),
  };
}
