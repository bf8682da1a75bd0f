import { type LoadOptions, type LoadResult, load } from './load.ts';
import { median } from './statistics.ts';
import type { Subject } from './subject.ts';

export interface RoundsOptions extends LoadOptions {
  readonly rounds: number;
}

/** What each subject came to, by its name. */
export type Results<Part extends string> = ReadonlyMap<string, LoadResult<Part>>;

/**
 * Loads each subject in turn, round after round, the order turned around in every second one, so that what else the machine does
 * meets all alike. Calls back with the results of each round, which count from 1. Gives the medians of all rounds.
 */
export async function inRounds<Part extends string>(
  subjects: readonly Subject<Part>[],
  options: RoundsOptions,
  onRound: (round: number, results: Results<Part>) => void,
): Promise<Results<Part>> {
  const all: Results<Part>[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const inRound = new Map<string, LoadResult<Part>>();
    for (const subject of round % 2 === 1 ? subjects : subjects.toReversed()) {
      inRound.set(subject.name, await run(subject, options));
    }
    all.push(inRound);
    onRound(round, inRound);
  }
  const resultsOf = (name: string) =>
    all.map((results) => results.get(name)).filter((found) => found !== undefined);
  return new Map(subjects.map(({ name }) => [name, medianOf(resultsOf(name))]));
}

async function run<Part extends string>(
  subject: Subject<Part>,
  options: LoadOptions,
): Promise<LoadResult<Part>> {
  const running = await subject.start();
  try {
    return await load(running, options);
  } finally {
    await running.stop();
  }
}

/** Each figure by itself. */
function medianOf<Part extends string>(results: readonly LoadResult<Part>[]): LoadResult<Part> {
  const of = (value: (result: LoadResult<Part>) => number) => median(results.map(value));
  const parts = Object.keys(results[0]?.cpuUsPerMessage ?? {}) as Part[];
  return {
    cpuUsPerMessage: Object.fromEntries(
      parts.map((part) => [part, of(({ cpuUsPerMessage }) => cpuUsPerMessage[part])]),
    ) as Record<Part, number>,
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
  };
}
