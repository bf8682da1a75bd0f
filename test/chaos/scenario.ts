import type { ChaosReport } from './report/chaos-report.ts';
import type { Tally } from './report/tally.ts';
import type { SabotageRule } from './sabotage/rules.ts';

export interface RunOptions {
  readonly seed: number;
  readonly relays: number;
  readonly cuts: number;
  readonly pairs: number;
  readonly rooms: number;
  /** How long cutting may go on, in seconds. */
  readonly seconds: number;
  readonly sabotage?: SabotageRule;
}

export interface RunContext {
  readonly options: RunOptions;
  /** Told again and again what goes on. */
  readonly progress: (phase: string, tally: Tally) => void;
  /** Ends the run early; what was seen so far is reported. */
  readonly stop: AbortSignal;
}

/** One kind of chaos, run by its name. */
export interface Scenario {
  readonly name: string;
  /** What it does, in a sentence. */
  readonly summary: string;
  readonly defaults: Omit<RunOptions, 'seed' | 'sabotage'>;
  /** Starts real processes and clients, and leaves none behind. Rejects where it could not be run at all. */
  run(context: RunContext): Promise<ChaosReport>;
}
