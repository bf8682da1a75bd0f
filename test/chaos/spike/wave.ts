import { setTimeout as delay } from 'node:timers/promises';
import { startProductionServer } from '../../server-process/production-server.ts';
import { ServerProbe } from '../../server-process/server-probe.ts';
import type { FrameClient } from '../clients/frame-client.ts';
import { type SabotageRule, sabotagePreload } from '../sabotage/rules.ts';
import { attemptSignIn } from './sign-in-attempt.ts';

/** Where the clients come from, and what is set otherwise than by default. */
export interface WaveKind {
  readonly name: string;
  readonly addresses: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface WaveOptions {
  readonly kind: WaveKind;
  readonly clients: number;
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
}

/** How long clients come again as they are told before they give up. */
const patienceMs = 40_000;
const mostReasons = 5;

export async function runWave(options: WaveOptions): Promise<WaveFigures> {
  const { kind, clients: count, sabotage, stop, onProgress } = options;
  let serverErrors = 0;
  const server = await startProductionServer({
    rooms: [],
    ...(kind.env && { env: kind.env }),
    preloads: sabotage === undefined ? [] : [sabotagePreload(sabotage)],
    isProbed: true,
    onEntry: ({ level }) => {
      if (level === 'error') serverErrors += 1;
    },
  });
  const served: FrameClient[] = [];
  const toldLater: Record<string, number> = {};
  const neither: string[] = [];
  let servedAtFirst = 0;
  let mostAttempts = 0;
  let lastServedMs = 0;
  try {
    const probe = new ServerProbe(server.process);
    const tokens = await Promise.all(
      Array.from({ length: count }, (_, user) => server.token(`user-${user}`)),
    );
    await probe.loopDelay();
    const startedAtMs = performance.now();
    const comeUntilServed = async (token: string, index: number) => {
      const from = `127.0.2.${1 + (index % kind.addresses)}`;
      for (let attempts = 1; performance.now() - startedAtMs < patienceMs && !stop.aborted; attempts++) {
        mostAttempts = Math.max(mostAttempts, attempts);
        const attempt = await attemptSignIn({ url: server.wsUrl, from, token });
        if (attempt.outcome === 'served') {
          served.push(attempt.client);
          lastServedMs = performance.now() - startedAtMs;
          if (attempts === 1) servedAtFirst += 1;
          onProgress(served.length);
          return;
        }
        if (attempt.outcome === 'neither') {
          neither.push(attempt.why);
          return;
        }
        toldLater[attempt.how] = (toldLater[attempt.how] ?? 0) + 1;
        await delay(attempt.retryAfterMs);
      }
    };
    await Promise.all(tokens.map(comeUntilServed));
    const loop = await probe.loopDelay();
    return {
      wave: kind.name,
      clients: count,
      // Who was served and lost it again was not served.
      served: served.filter(({ isOpen }) => isOpen).length,
      served_at_first: servedAtFirst,
      told_later: toldLater,
      neither: neither.length,
      neither_why: [...new Set(neither)].slice(0, mostReasons),
      all_served_ms: Math.round(lastServedMs),
      most_attempts: mostAttempts,
      loop_max_ms: Math.round(loop.maxMs),
      loop_p99_ms: Math.round(loop.p99Ms),
      server_errors: serverErrors,
    };
  } finally {
    for (const client of served) client.drop('reset');
    await server.stop();
  }
}
