import { setTimeout as delay } from 'node:timers/promises';
import { type ProductionServer, startProductionServer } from '../../server-process/production-server.ts';
import { brokenByChurn, type ChurnReport, churnTable } from '../churn/churn-report.ts';
import { CrowdOfVisits } from '../churn/crowd-of-visits.ts';
import { leftBehind, type Measurements } from '../churn/left-behind.ts';
import { metricsToken, readGauges } from '../churn/metrics.ts';
import { ownClasses } from '../churn/own-classes.ts';
import { gaugeNames, residueOf } from '../churn/residue.ts';
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
} satisfies CountOptions;

type Context = RunContext<typeof options>;

const emptyGraceMs = 300;
/** Beyond what the settings say: a node's own timers, one for all, go on for up to 2.5 s once nobody is left. */
const sweepMs = 3_500;
const quietTimeoutMs = 30_000;
const lookEveryMs = 250;

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
    const server = await startProductionServer({
      rooms: roomIds,
      env: {
        METRICS_TOKEN: metricsToken,
        RECONNECTION_WINDOW_MS: String(counts.window),
        RECONNECTION_WINDOW_MAX_MS: String(counts.window),
        ROOM_EMPTY_GRACE_MS: String(emptyGraceMs),
      },
      preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
      isProbed: true,
      onEntry: ({ event, level }) => {
        if (event === 'room.join') seen.joins += 1;
        if (event === 'room.leave') seen.leaves += 1;
        if (level === 'error') seen.errors += 1;
      },
    });
    try {
      const { users, rooms } = counts;
      const crowd = await CrowdOfVisits.gather({
        server,
        seed: given.seed,
        users,
        rooms: roomIds as [string, ...string[]],
        atOnce: counts.connections,
        stop: context.stop,
      });
      const measurements = await comeAndGo(context, server, crowd);
      const { fresh, baseline, after } = measurements;
      const figures = {
        visits: crowd.visits,
        visits_by_end: crowd.ends,
        joins: seen.joins,
        leaves: seen.leaves,
        resumes: crowd.resumes,
        too_late: crowd.tooLate,
        failures: crowd.failures,
        server_errors: seen.errors,
        left_behind: leftBehind(measurements, { own: ownClasses(), rooms, users }),
        heap_bytes: [fresh.heapBytes, baseline.heapBytes, after.heapBytes],
      } as const;
      const broken = brokenByChurn(figures, counts.joins);
      const ms = performance.now() - startedAtMs;
      const report: ChurnReport = { ...runReport({ name, options: given, ms, broken }), ...figures };
      return { report, table: churnTable(report) };
    } finally {
      await server.stop();
    }
  },
};

async function comeAndGo(
  { counts, progress }: Context,
  server: ProductionServer,
  crowd: CrowdOfVisits,
): Promise<Measurements> {
  const figures = () => [`${crowd.visits} visits`, `${crowd.joins} joins`];
  const measure = async (phase: string) => {
    progress(phase, figures());
    await becomeQuiet(server, counts.window);
    return residueOf(server);
  };
  progress('fresh', figures());
  const fresh = await residueOf(server);
  await crowd.churn(counts.warmup, () => progress('warming up', figures()));
  const baseline = await measure('warm');
  await crowd.churn(counts.warmup + counts.joins, () => progress('churning', figures()));
  return { fresh, baseline, after: await measure('over') };
}

/** Until nobody is connected, and until all that is kept for a while for those who went is over its time. */
async function becomeQuiet(server: ProductionServer, windowMs: number): Promise<void> {
  const deadlineMs = performance.now() + quietTimeoutMs;
  while (performance.now() < deadlineMs) {
    const gauges = await readGauges(server, gaugeNames);
    if (Object.values(gauges).every((value) => value === 0)) break;
    await delay(lookEveryMs);
  }
  // The window, then how a session ended is told for as long, while its rooms are empty and go.
  await delay(2 * windowMs + emptyGraceMs + sweepMs);
}
