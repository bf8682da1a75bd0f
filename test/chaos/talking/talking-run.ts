import type { RedisServer } from '../../redis/redis-server.ts';
import type { Random } from '../../seeded-run/random.ts';
import type { Crowd } from '../clients/crowd.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { PastWindow } from '../report/chaos-report.ts';
import type { PromisedLine } from '../report/promised.ts';
import type { Tally } from '../report/tally.ts';
import type { SabotageRule } from '../sabotage/rules.ts';
import type { CountOptions, Counts } from '../scenario.ts';

/** What a crowd is made of, and for how long things may break. */
export const crowdOptions = (fallbacks: {
  readonly pairs: number;
  readonly rooms: number;
  readonly seconds: number;
}) =>
  ({
    pairs: { says: 'pairs of clients that talk to each other', fallback: fallbacks.pairs },
    rooms: { says: 'rooms that they are spread over', fallback: fallbacks.rooms },
    seconds: { says: 'how long things may be broken', fallback: fallbacks.seconds },
  }) satisfies CountOptions;

export type CrowdOptions = ReturnType<typeof crowdOptions>;

/** A run whose clients talk. */
export interface TalkingRun<Options extends CountOptions = CrowdOptions> {
  readonly counts: Counts<Options>;
  readonly rooms: readonly string[];
  readonly tally: Tally;
  readonly nodes: Nodes;
  /** Where the nodes keep what they know. Rejects where they keep it in their memory. */
  readonly redis: () => RedisServer;
  readonly crowd: Crowd;
  /** What chance decides of what is broken. */
  readonly random: Random;
  /** Whether there is no sense in going on: a promise is broken, or the time is up. */
  readonly isOver: () => boolean;
  /** Resolves to true as soon as something holds, and to false when the run is over, or after a time. */
  readonly until: (holds: () => boolean, timeoutMs?: number) => Promise<boolean>;
  /** Resolves after a time, or when the run is over. */
  readonly pause: (ms: number) => Promise<void>;
  readonly tell: (phase: string) => void;
}

/** A figure that the run should have reached. */
export interface Aim {
  readonly name: string;
  readonly has: number;
  readonly wants: number;
}

/** What is particular to one kind of chaos among clients that talk. */
export interface TalkingPlan<Options extends CrowdOptions> {
  readonly name: string;
  readonly summary: string;
  readonly options: Options;
  readonly sabotage: readonly SabotageRule[];
  readonly promise: PromisedLine;
  /** How many nodes there are. */
  readonly nodes: number;
  /** The nodes share a Redis. `always`: it writes through to the disk. */
  readonly redis?: 'in-memory' | 'always';
  readonly env?: Readonly<Record<string, string>>;
  /** The longest pause between two messages, in milliseconds, for so many pairs. */
  readonly maxPauseMs: (pairs: number) => number;
  /** How many bytes a connection carries at most in the direction in which it is cut, after the handshake. */
  readonly maxBytesBeforeCut?: number;
  /** Breaks things while all talk, until enough was broken. */
  readonly breakThings: (run: TalkingRun<Options>) => Promise<void>;
  /** What a run must have done to prove something. */
  readonly aims: (run: TalkingRun<Options>) => readonly Aim[];
  /** Keeps some clients away for longer than their window, when nobody talks any more. */
  readonly keepAway?: (run: TalkingRun<Options>) => Promise<PastWindow>;
}
