import { currentCommit } from '../../test/seeded-run/current-commit.ts';
import { type LoadOptions, type LoadResult, load } from './load.ts';
import { parley } from './parley-subject.ts';
import { socketIo } from './socket-io-subject.ts';
import type { Subject } from './subject.ts';
import { bareWs, protobufEs } from './ws-subjects.ts';

const subjects: readonly Subject[] = [bareWs, parley, socketIo, protobufEs];

const commit = currentCommit();

export interface RelayBenchOptions extends LoadOptions {
  readonly rounds: number;
}

/** One subject in one round, or its median over all rounds. */
export interface RelayRow {
  readonly bench: 'relay';
  readonly subject: string;
  /** From 1; absent in the median. */
  readonly round?: number;
  readonly messages: number;
  readonly seed: number;
  readonly commit: string;
  readonly server_cpu_us_per_message: number;
  readonly ratio_to_ws: number;
  readonly per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/**
 * Relays messages through each subject in turn, round after round, the order turned around in every second one, and calls back
 * with each result. Gives the medians.
 */
export async function relayBench(
  options: RelayBenchOptions,
  onRow: (row: RelayRow) => void,
): Promise<readonly RelayRow[]> {
  const results = new Map<string, LoadResult[]>();
  for (let round = 1; round <= options.rounds; round++) {
    const inRound = new Map<string, LoadResult>();
    for (const subject of round % 2 === 1 ? subjects : subjects.toReversed()) {
      inRound.set(subject.name, await run(subject, options));
    }
    for (const { name } of subjects) {
      const result = inRound.get(name);
      if (result === undefined) continue;
      results.set(name, [...(results.get(name) ?? []), result]);
      onRow({ ...row(name, result, inRound.get(bareWs.name), options), round });
    }
  }
  const medians = new Map(Array.from(results, ([name, all]) => [name, medianOf(all)]));
  return Array.from(medians, ([name, result]) => row(name, result, medians.get(bareWs.name), options));
}

async function run(subject: Subject, options: LoadOptions): Promise<LoadResult> {
  const running = await subject.start();
  try {
    return await load(running, options);
  } finally {
    await running.process.stop();
  }
}

function row(
  subject: string,
  result: LoadResult,
  floor: LoadResult | undefined,
  { messages, seed }: LoadOptions,
): RelayRow {
  return {
    bench: 'relay',
    subject,
    messages,
    seed,
    commit,
    server_cpu_us_per_message: rounded(result.serverCpuUsPerMessage, 2),
    ratio_to_ws: rounded(result.serverCpuUsPerMessage / (floor?.serverCpuUsPerMessage ?? Number.NaN), 3),
    per_second: rounded(result.perSecond, 0),
    p50_ms: rounded(result.p50Ms, 2),
    p99_ms: rounded(result.p99Ms, 2),
  };
}

function medianOf(results: readonly LoadResult[]): LoadResult {
  const median = (value: (result: LoadResult) => number) =>
    results.map(value).sort((a, b) => a - b)[Math.floor(results.length / 2)] ?? Number.NaN;
  return {
    serverCpuUsPerMessage: median((result) => result.serverCpuUsPerMessage),
    perSecond: median((result) => result.perSecond),
    p50Ms: median((result) => result.p50Ms),
    p99Ms: median((result) => result.p99Ms),
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
