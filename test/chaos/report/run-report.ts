import { currentCommit } from '../../seeded-run/current-commit.ts';
import type { PromisedLine } from './promised.ts';

/** What every run counts: nought where a run has nothing of the kind. docs/chaos.md says what each is. */
export interface CommonCounts {
  readonly sent: number;
  readonly cuts: number;
  readonly kills: number;
  readonly lost: number;
  readonly doubled: number;
  readonly out_of_order: number;
  readonly resumes: number;
  readonly resumes_ok: number;
  readonly resumes_elsewhere: number;
  readonly ghosts: number;
  readonly spurious_left: number;
}

const nothing: CommonCounts = {
  ...{ sent: 0, cuts: 0, kills: 0, lost: 0, doubled: 0, out_of_order: 0 },
  ...{ resumes: 0, resumes_ok: 0, resumes_elsewhere: 0, ghosts: 0, spurious_left: 0 },
};

/** What every run says of itself. */
export interface RunReport extends CommonCounts {
  readonly name: string;
  readonly seed: number;
  /** What was run: the commit, `-dirty` where files differed from it. */
  readonly commit: string;
  readonly sabotage?: string;
  readonly seconds: number;
  readonly kept: boolean;
  /** Each promise that was broken, in a sentence. */
  readonly broken: readonly string[];
  /** What is promised for what this run does. */
  readonly promise: PromisedLine;
}

export interface RunEnd {
  readonly name: string;
  readonly options: { readonly seed: number; readonly sabotage?: string };
  /** How long it took, in milliseconds. */
  readonly ms: number;
  readonly broken: readonly string[];
  readonly promise: PromisedLine;
  readonly counts: Partial<CommonCounts>;
}

export function runReport(end: RunEnd): RunReport {
  const { name, options, ms, broken, promise, counts } = end;
  const { seed, sabotage } = options;
  return {
    name,
    seed,
    commit: currentCommit(),
    ...(sabotage && { sabotage }),
    seconds: Math.round(ms / 100) / 10,
    kept: broken.length === 0,
    broken,
    promise,
    ...nothing,
    ...counts,
  };
}
