import { settings } from '../../../src/process/settings.ts';
import type { Random } from '../../seeded-run/random.ts';
import type { ProductionServer } from '../../server-process/production-server.ts';
import { type ProcessMemory, ServerProbe } from '../../server-process/server-probe.ts';
import { Bell } from '../bell.ts';
import { metricsToken } from '../churn/metrics.ts';
import { Ledger } from '../ledger/ledger.ts';
import { FreshNodes } from '../nodes/fresh-nodes.ts';
import { type Place, withNodes } from '../nodes/with-nodes.ts';
import { type SabotageRule, sabotagePreload } from '../sabotage/rules.ts';
import { kernelBytes } from './kernel-queues.ts';
import { type Guest, ListeningRoom } from './listening-room.ts';
import { talkToSlow } from './traffic.ts';

export interface TrialOptions {
  /** Whether the slow one stops reading; else it reads the same traffic as it comes. */
  readonly stopsReading: boolean;
  /** Decides what is said, the same for both trials of a pair. */
  readonly random: () => Random;
  readonly bytes: number;
  /** How many nodes there are. The slow one has the first for itself where there are more. */
  readonly nodes: number;
  /** Whether it is waited, when all are gone, until nothing is left of them. */
  readonly untilNothingLeft: boolean;
  readonly sabotage: SabotageRule | undefined;
  readonly onProgress: (bytes: number) => void;
  readonly stop: AbortSignal;
}

export interface Trial {
  /** By how much the server's process grew while all talked, after forced collections, in bytes. */
  readonly growth: ProcessMemory;
  /** What had been said to the slow one when it was measured, and neither read by it nor in the kernel, in bytes. */
  readonly heldBack: number;
  readonly inKernel: number;
  /** Between the others, sorted. */
  readonly latenciesMs: readonly number[];
  readonly messages: number;
  /** What did not arrive, or not as it was sent. */
  readonly faults: Readonly<Record<string, number>>;
  /** What nodes and Redis had that they should not, a sentence each; nothing where it was not looked at. */
  readonly leftBehind: readonly string[];
  /** How long the slow one took to get everything once it read on. */
  readonly caughtUpMs: number;
}

/** The budget that is put to the test: the default. */
export const budgetBytes = Number(settings.SEND_BUDGET_BYTES.fallback);

/**
 * The same for both trials of a pair. The log keeps all that is said, and no rate is in the way; and what closes a connection
 * that reads nothing is out of reach, so that the budget alone bounds what waits for it.
 */
const env = {
  ROOM_LOG_MAX_BYTES: '268435456',
  ROOM_RATE_BYTES: '1073741824',
  CONNECTION_RATE: '1000000',
  CONNECTION_BURST: '1000000',
  SEND_MAX_BYTES: '268435456',
  METRICS_TOKEN: metricsToken,
};
/** With several nodes: what is kept for a while of those who went is gone soon, but not while somebody may still read it. */
const envOfSeveral = {
  ROOM_EMPTY_GRACE_MS: '300',
  RECONNECTION_WINDOW_MAX_MS: '12000',
};
const roomId = 'room';
/** How long until nothing is left: an end is told for the longest window, and the list of rooms is looked at each 10 s. */
const cleanTimeoutMs = 60_000;
const talkers = ['ann', 'bob', 'cid', 'dot'];
/** What is said before the first measurement, so that what a process needs to talk at all is there. */
const warmUpBytes = 6_000_000;
const arriveTimeoutMs = 15_000;

/** One room, on one node or on several, one measurement before and one after all talked. */
export async function runTrial(options: TrialOptions): Promise<Trial> {
  const { sabotage, nodes } = options;
  let serverErrors = 0;
  return await withNodes(
    {
      count: nodes,
      rooms: [roomId],
      env: { ...env, ...(nodes > 1 && envOfSeveral) },
      preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
      isProbed: true,
      onEntry: ({ level }) => {
        if (level === 'error') serverErrors += 1;
      },
    },
    async (place) => {
      const fresh = await FreshNodes.look(place);
      const trial = await inRoom(options, place);
      const leftBehind = options.untilNothingLeft ? await fresh.leftBehind(cleanTimeoutMs) : [];
      return { ...trial, leftBehind, faults: { ...trial.faults, server_errors: serverErrors } };
    },
  );
}

async function inRoom(options: TrialOptions, { nodes }: Place): Promise<Omit<Trial, 'leftBehind'>> {
  const [first, ...more] = nodes.running.map(({ server }) => server);
  if (first === undefined) throw new Error('there is no node');
  const elsewhere: readonly ProductionServer[] = more.length > 0 ? more : [first];
  const arrivals = new Bell();
  const ledger = new Ledger(arrivals);
  const room = new ListeningRoom(ledger, roomId);
  const enter = async (name: string, server: ProductionServer) =>
    room.enter({ name, url: server.wsUrl, token: await server.token(name) });
  try {
    const slow = await enter('idler', first);
    const [ann, bob, ...rest] = await Promise.all(
      talkers.map((name, index) => enter(name, elsewhere[index % elsewhere.length] ?? first)),
    );
    if (ann === undefined || bob === undefined) throw new Error('nobody is there to talk');
    const port = Number(new URL(first.process.url).port);
    const measured = await talkAndMeasure({
      ...options,
      probe: new ServerProbe(first.process),
      arrivals,
      room,
      slow,
      others: [ann, bob, ...rest],
      kernel: () => kernelBytes(slow.client.localPort, port),
    });
    return {
      ...measured,
      messages: ledger.sent,
      faults: {
        lost: ledger.missing,
        ...ledger.faults,
        refused: Object.values(ledger.rejected).reduce((sum, count) => sum + count, 0),
        disconnected: room.gone.length,
      },
    };
  } finally {
    room.close();
  }
}

interface Measuring extends TrialOptions {
  readonly probe: ServerProbe;
  readonly arrivals: Bell;
  readonly room: ListeningRoom;
  readonly slow: Guest;
  readonly others: readonly [Guest, Guest, ...Guest[]];
  readonly kernel: () => Promise<number>;
}

async function talkAndMeasure(
  options: Measuring,
): Promise<Omit<Trial, 'messages' | 'faults' | 'leftBehind'>> {
  const { room, slow, others, random, bytes, onProgress, stop, stopsReading, probe, arrivals, kernel } =
    options;
  await talkToSlow({ room, slow, others, random: random(), bytes: warmUpBytes, stop });
  await arrivals.until(() => room.missingBut(slow) + room.missingOf(slow) === 0, arriveTimeoutMs);
  room.forgetLatencies();
  const before = await probe.memory();
  if (stopsReading) slow.client.pause();
  const said = await talkToSlow({ room, slow, others, random: random(), bytes, onProgress, stop });
  await arrivals.until(
    () => room.missingBut(slow) === 0 && (stopsReading || room.missingOf(slow) === 0),
    arriveTimeoutMs,
  );
  const after = await probe.memory();
  const latenciesMs = room.latenciesMs(others);
  const inKernel = await kernel();
  const heldBack = stopsReading ? said - inKernel : 0;
  const resumedAtMs = performance.now();
  slow.client.resume();
  await arrivals.until(() => room.missingOf(slow) === 0, arriveTimeoutMs);
  return {
    growth: {
      rss: after.rss - before.rss,
      heapUsed: after.heapUsed - before.heapUsed,
      external: after.external - before.external,
    },
    heldBack,
    inKernel,
    latenciesMs,
    caughtUpMs: performance.now() - resumedAtMs,
  };
}
