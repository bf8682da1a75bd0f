import { setTimeout as delay } from 'node:timers/promises';
import { ServerProbe } from '../../server-process/server-probe.ts';
import { metricsToken } from '../churn/metrics.ts';
import { FreshNodes } from '../nodes/fresh-nodes.ts';
import { type Place, withNodes } from '../nodes/with-nodes.ts';
import { type SabotageRule, sabotagePreload } from '../sabotage/rules.ts';
import { Calls, type CallsAnswer, callRooms } from './calls.ts';
import { SignInCrowd } from './sign-in-crowd.ts';

/** Where the clients come from, and what is set otherwise than by default. */
export interface WaveKind {
  readonly name: string;
  readonly addresses: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface WaveOptions {
  readonly kind: WaveKind;
  readonly clients: number;
  readonly nodes: number;
  /** Decides to which node each attempt goes. */
  readonly seed: number;
  readonly sabotage: SabotageRule | undefined;
  readonly onProgress: (served: number) => void;
  readonly stop: AbortSignal;
}

/** What came of clients that all sign in at once. docs/chaos.md says what each figure is. */
export interface WaveFigures {
  readonly wave: string;
  readonly clients: number;
  readonly served: number;
  readonly served_at_first: number;
  readonly told_later: Readonly<Record<string, number>>;
  readonly neither: number;
  readonly neither_why: readonly string[];
  readonly all_served_ms: number;
  readonly most_attempts: number;
  readonly loop_max_ms: number;
  readonly loop_p99_ms: number;
  readonly server_errors: number;
  /** With several nodes: of calls that go on meanwhile. */
  readonly calls?: CallFigures;
  /** With several nodes: what they and Redis have when all are gone and did not before. */
  readonly left_behind?: readonly string[];
}

/** How long the messages of calls took, from hand to hand, before the wave and while it signed in. */
export interface CallFigures {
  readonly messages_before: number;
  readonly messages_during: number;
  readonly p99_before_ms: number;
  readonly p99_during_ms: number;
  /** How late those who talk were themselves, at the p99. */
  readonly late_before_ms: number;
  readonly late_during_ms: number;
  readonly faults: Readonly<Record<string, number>>;
}

/** How long clients come again as they are told before they give up. */
const patienceMs = 40_000;
const mostReasons = 5;

/** With several nodes: what is kept for a while of those who went is gone soon. */
const envOfSeveral = {
  METRICS_TOKEN: metricsToken,
  ROOM_EMPTY_GRACE_MS: '300',
  RECONNECTION_WINDOW_MAX_MS: '5000',
};
/** How long calls go on before the wave. */
const beforeMs = 6_000;
const cleanTimeoutMs = 60_000;

/** What came of those who signed in. */
type Served = Omit<WaveFigures, 'calls' | 'left_behind' | 'server_errors'>;

export async function runWave(options: WaveOptions): Promise<WaveFigures> {
  const { kind, sabotage, nodes: count } = options;
  let errors = 0;
  return await withNodes(
    {
      count,
      rooms: count > 1 ? callRooms : [],
      env: { ...(count > 1 && envOfSeveral), ...kind.env },
      preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
      isProbed: true,
      onEntry: ({ level }) => {
        if (level === 'error') errors += 1;
      },
    },
    async (place) => {
      if (count === 1) return { ...(await signInAll(options, place)), server_errors: errors };
      const fresh = await FreshNodes.look(place);
      const figures = await besideCalls(options, place);
      const left = await fresh.leftBehind(cleanTimeoutMs);
      return { ...figures, server_errors: errors, left_behind: left };
    },
  );
}

async function besideCalls(
  options: WaveOptions,
  place: Place,
): Promise<Served & { readonly calls: CallFigures }> {
  const calls = new Calls();
  try {
    let before: CallsAnswer | undefined;
    let during: CallsAnswer | undefined;
    const served = await signInAll(options, place, {
      async onReady() {
        await calls.begin(place.nodes);
        await delay(beforeMs);
        before = await calls.latencies();
      },
      async onServed() {
        during = await calls.latencies();
      },
    });
    const { faults } = await calls.end();
    return {
      ...served,
      calls: {
        messages_before: before?.messages ?? 0,
        messages_during: during?.messages ?? 0,
        p99_before_ms: before?.p99Ms ?? 0,
        p99_during_ms: during?.p99Ms ?? 0,
        late_before_ms: before?.lateP99Ms ?? 0,
        late_during_ms: during?.lateP99Ms ?? 0,
        faults,
      },
    };
  } finally {
    await calls.stop();
  }
}

/** What is done when all is ready for them to come, and when all were served and before they go. */
interface Beside {
  onReady(): Promise<void>;
  onServed(): Promise<void>;
}

/** Lets all sign in at once. */
async function signInAll(
  { kind, clients: count, seed, stop, onProgress }: WaveOptions,
  { nodes }: Place,
  beside?: Beside,
): Promise<Served> {
  const probes = nodes.running.map(({ server }) => new ServerProbe(server.process));
  const loopDelays = () => Promise.all(probes.map((probe) => probe.loopDelay()));
  const tokens = await Promise.all(Array.from({ length: count }, (_, user) => nodes.token(`user-${user}`)));
  const crowd = new SignInCrowd();
  const giveUp = () => void crowd.stop();
  stop.addEventListener('abort', giveUp);
  try {
    await crowd.served();
    await beside?.onReady();
    await loopDelays();
    const urls = nodes.running.map(({ server }) => server.wsUrl);
    const { addresses } = kind;
    const came = await crowd.signIn({ urls, tokens, addresses, seed, patienceMs });
    await beside?.onServed();
    const loops = await loopDelays();
    const served = await crowd.served();
    onProgress(served);
    await crowd.leave();
    return {
      wave: kind.name,
      clients: count,
      served,
      served_at_first: came.servedAtFirst,
      told_later: came.toldLater,
      neither: came.neither.length,
      neither_why: [...new Set(came.neither)].slice(0, mostReasons),
      all_served_ms: Math.round(came.lastServedMs),
      most_attempts: came.mostAttempts,
      loop_max_ms: Math.round(Math.max(...loops.map(({ maxMs }) => maxMs))),
      loop_p99_ms: Math.round(Math.max(...loops.map(({ p99Ms }) => p99Ms))),
    };
  } finally {
    stop.removeEventListener('abort', giveUp);
    await crowd.stop();
  }
}
