import { currentCommit } from '../../seeded-run/current-commit.ts';

/** What every run says of itself. */
export interface RunReport {
  readonly name: string;
  readonly seed: number;
  /** What was run: the commit, `-dirty` where files differed from it. */
  readonly commit: string;
  readonly sabotage?: string;
  readonly seconds: number;
  readonly kept: boolean;
  /** Each promise that was broken, in a sentence. */
  readonly broken: readonly string[];
}

export interface RunEnd {
  readonly name: string;
  readonly options: { readonly seed: number; readonly sabotage?: string };
  /** How long it took, in milliseconds. */
  readonly ms: number;
  readonly broken: readonly string[];
}

export function runReport({ name, options: { seed, sabotage }, ms, broken }: RunEnd): RunReport {
  return {
    name,
    seed,
    commit: currentCommit(),
    ...(sabotage && { sabotage }),
    seconds: Math.round(ms / 100) / 10,
    kept: broken.length === 0,
    broken,
  };
}
