import { type ProductionServer, startProductionServer } from '../../server-process/production-server.ts';
import { Crowd } from '../clients/crowd.ts';
import { countGhosts, hasRightView } from '../clients/room-view.ts';
import { talk } from '../clients/talk.ts';
import { brokenPastWindow, brokenPromises } from '../report/broken-promises.ts';
import type { ChaosReport, Figures, PastWindow } from '../report/chaos-report.ts';
import { promised } from '../report/promised.ts';
import { reportTable } from '../report/report-table.ts';
import { runReport } from '../report/run-report.ts';
import { Tally } from '../report/tally.ts';
import { sabotagePreload } from '../sabotage/rules.ts';
import type { CountOptions, Counts, RunContext, Scenario } from '../scenario.ts';
import { pastTheWindow } from './past-the-window.ts';

const name = 'socket-drop-one-node';
/** A connection carries some twenty messages each way before it is cut, on average. */
const maxBytesBeforeCut = 30_000;
/** Ten times as often as by default, so that many are cut too, and a hole that nobody filled is soon noticed. */
const heartbeatIntervalMs = 1_000;
/** How long the last messages may take once nothing is cut any more: the heartbeat of a quiet client, and a replay. */
const settleTimeoutMs = 10_000;
/** The same where a promise is broken already: what is missing then need not be waited for. */
const brokenSettleTimeoutMs = 2_000;

const options = {
  relays: { says: 'messages to be delivered', fallback: 20_000 },
  cuts: { says: 'connections to be cut', fallback: 1_000 },
  pairs: { says: 'pairs of clients that talk to each other', fallback: 20 },
  rooms: { says: 'rooms that they are spread over', fallback: 5 },
  seconds: { says: 'how long cutting may go on', fallback: 180 },
} satisfies CountOptions;

type Context = RunContext<typeof options>;

export const socketDropOneNode: Scenario<typeof options> = {
  name,
  summary: 'cuts the connections of clients that talk at random bytes, and keeps some away past their window',
  options,
  sabotage: ['dedupe', 'replay'],
  async run(context) {
    const { sabotage } = context.options;
    const { rooms: count, pairs } = context.counts;
    if (count > pairs) throw new Error(`${pairs} pairs do not fill ${count} rooms`);
    const startedAtMs = performance.now();
    const rooms = Array.from({ length: count }, (_, index) => `room-${index}`);
    const tally = new Tally();
    const server = await startProductionServer({
      rooms,
      env: { HEARTBEAT_INTERVAL_MS: String(heartbeatIntervalMs) },
      preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
      onEntry: ({ level }) => {
        if (level === 'error') tally.serverErrors += 1;
      },
    });
    void server.process.ended.then(() => tally.loseServer());
    try {
      const outcome = await drop(context, server, rooms, tally);
      const report = reportOf(context, outcome, performance.now() - startedAtMs);
      return { report, table: reportTable(report) };
    } finally {
      await server.stop();
    }
  },
};

interface Outcome {
  readonly figures: Figures;
  readonly pastWindow: PastWindow | undefined;
  /** Why the run proves less than it should. */
  readonly shortcomings: readonly string[];
}

async function drop(
  context: Context,
  server: ProductionServer,
  rooms: readonly string[],
  tally: Tally,
): Promise<Outcome> {
  const { options, counts, progress } = context;
  const { seed } = options;
  const { pairs } = counts;
  progress('entering', tally.progress());
  const crowd = await Crowd.enter({ server, seed, pairs, rooms, maxBytesBeforeCut, tally });
  try {
    await cutWhileTalking(crowd, tally, context);
    context.stop.throwIfAborted();
    const shortcomings = shortcomingsOf(tally, counts);
    progress('settling', tally.progress());
    await settle(crowd, tally);
    let pastWindow: PastWindow | undefined;
    if (shortcomings.length === 0 && brokenPromises(tally.figures()).length === 0) {
      progress('past the window', tally.progress());
      const away = rooms
        .slice(0, Math.max(1, rooms.length - 1))
        .flatMap((roomId) => crowd.inRoom(roomId).slice(0, 1));
      pastWindow = await pastTheWindow({ crowd, away, tally });
    }
    if (!tally.isServerGone) tally.ghosts = await countGhosts(server, crowd, rooms);
    tally.wrongViews = crowd.members.filter((member) => !hasRightView(member, crowd)).length;
    // Before the clients close, which answers what still waits.
    return { figures: tally.figures(), pastWindow, shortcomings };
  } finally {
    await crowd.close();
  }
}

/** Until the counts are reached, the time is up, or a promise is broken. */
async function cutWhileTalking(crowd: Crowd, tally: Tally, context: Context): Promise<void> {
  const { counts, progress, stop } = context;
  const talking = new AbortController();
  for (const member of crowd.members) void talk(member, tally.ledger, talking.signal);
  crowd.startCutting();
  const isOver = () => {
    progress('cutting', tally.progress());
    return stop.aborted || tally.isBroken || isReached(tally, counts);
  };
  await tally.changes.until(isOver, counts.seconds * 1_000);
  crowd.mend();
  talking.abort();
}

/** Until every client is back, every request is answered and every message has arrived. */
async function settle(crowd: Crowd, { ledger, observations, changes, isBroken }: Tally): Promise<void> {
  const isSettled = () =>
    ledger.open === 0 && crowd.members.every(({ client }) => client.isConnected) && ledger.missing === 0;
  await changes.until(isSettled, isBroken ? brokenSettleTimeoutMs : settleTimeoutMs);
  for (const { client } of crowd.members) {
    if (!client.isConnected) observations.end(client.name, 'did not come back');
  }
}

function isReached({ ledger, cuts }: Tally, wanted: Counts<typeof options>): boolean {
  return ledger.delivered >= wanted.relays && cuts.total >= wanted.cuts;
}

/** Why a run that broke nothing proves less than it should. */
function shortcomingsOf(
  { ledger, cuts }: Tally,
  { relays, cuts: wantedCuts }: Counts<typeof options>,
): readonly string[] {
  return [
    ...(ledger.delivered < relays ? [`delivered: ${ledger.delivered} of ${relays} messages`] : []),
    ...(cuts.total < wantedCuts ? [`cuts: ${cuts.total} of ${wantedCuts}`] : []),
    ...(2 * cuts.inFlight <= cuts.total
      ? [`cuts_in_flight: ${cuts.inFlight} of ${cuts.total}, more than half are needed`]
      : []),
  ];
}

function reportOf({ options }: Context, outcome: Outcome, ms: number): ChaosReport {
  const { figures, pastWindow, shortcomings } = outcome;
  const promises = [
    ...brokenPromises(figures),
    ...(pastWindow === undefined ? [] : brokenPastWindow(pastWindow)),
  ];
  // A run that broke something ended early, and falls short for that reason alone.
  const broken = promises.length > 0 ? promises : shortcomings;
  return {
    ...runReport({ name, options, ms, broken }),
    applies: promised.connection,
    ...figures,
    ...(pastWindow && { past_window: pastWindow }),
  };
}
