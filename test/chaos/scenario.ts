import type { RunReport } from './report/run-report.ts';
import type { SabotageRule } from './sabotage/rules.ts';

/** A whole number from 1 that a run may be given. */
export interface CountOption {
  readonly says: string;
  readonly fallback: number;
}

export type CountOptions = Readonly<Record<string, CountOption>>;
export type Counts<Options extends CountOptions> = { readonly [Name in keyof Options]: number };

export interface RunOptions {
  readonly seed: number;
  readonly sabotage?: SabotageRule;
}

export interface RunContext<Options extends CountOptions = CountOptions> {
  readonly options: RunOptions;
  readonly counts: Counts<Options>;
  /** Told again and again what goes on, with some figures. */
  readonly progress: (phase: string, figures: readonly string[]) => void;
  /** Ends the run early; what was seen so far is reported, or the run rejects. */
  readonly stop: AbortSignal;
}

/** What a run found: for programs and for people. */
export interface Outcome {
  readonly report: RunReport;
  readonly table: string;
}

/** One kind of chaos, run by its name. */
export interface Scenario<Options extends CountOptions = CountOptions> {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly options: Options;
  /** The rules whose absence it must find. */
  readonly sabotage: readonly SabotageRule[];
  /** Starts real processes and clients, and leaves none behind. Rejects where it could not be run at all. */
  run(context: RunContext<Options>): Promise<Outcome>;
}
