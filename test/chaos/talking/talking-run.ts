import type { RedisServer } from '../../redis/redis-server.ts';
import type { Random } from '../../seeded-run/random.ts';
import type { Crowd } from '../clients/crowd.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { PastWindow } from '../report/chaos-report.ts';
import type { PromisedLine } from '../report/promised.ts';
import type { Tally } from '../report/tally.ts';
import type { SabotageRule } from '../sabotage/rules.ts';
import type { CountOptions, Counts } from '../scenario.ts';
import type { Deployment } from './deployment.ts';

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

/** A run whose clients talk, on nodes that share these servers. */
export interface TalkingRun<Options extends CountOptions = CrowdOptions, Servers = RedisServer> {
  readonly counts: Counts<Options>;
  readonly rooms: readonly string[];
  readonly tally: Tally;
  readonly nodes: Nodes;
  /** Where the nodes keep what they know. Rejects where they keep it in their memory. */
  readonly redis: () => Servers;
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

/** A figure that only one kind of chaos has. */
export interface Particular {
  readonly name: string;
  readonly value: number;
  readonly says: string;
}

/** Figures with what they say and their values. */
export function particularsOf<Name extends string>(
  figures: Readonly<Record<Name, string>>,
  values: Readonly<Record<Name, number>>,
): readonly Particular[] {
  return (Object.keys(figures) as Name[]).map((name) => ({ name, value: values[name], says: figures[name] }));
}

/** What is particular to one kind of chaos among clients that talk. */
export interface TalkingPlan<Options extends CrowdOptions, Servers = RedisServer> {
  readonly name: string;
  readonly summary: string;
  readonly options: Options;
  readonly sabotage: readonly SabotageRule[];
  readonly promise: PromisedLine;
  /** What is promised for the other things that it does. */
  readonly alsoPromised?: readonly PromisedLine[];
  /** How many nodes there are. */
  readonly nodes: number;
  /** The nodes share a Redis: one server, of which `always` writes through to the disk, or what is started here. */
  readonly redis?:
    | (RedisServer extends Servers ? 'in-memory' | 'always' : never)
    | (() => Promise<Deployment<Servers>>);
  readonly env?: (counts: Counts<Options>) => Readonly<Record<string, string>>;
  /** The nodes answer the questions of a probe. */
  readonly isProbed?: boolean;
  /** How long a token holds, in seconds; absent: an hour. */
  readonly tokenLifeS?: number;
  /** The longest pause between two messages, in milliseconds, for so many pairs. */
  readonly maxPauseMs: (pairs: number) => number;
  /** How many bytes a connection carries at most in the direction in which it is cut, after the handshake. */
  readonly maxBytesBeforeCut?: number;
  /** Breaks things while all talk, until enough was broken. */
  readonly breakThings: (run: TalkingRun<Options, Servers>) => Promise<void>;
  /** What a run must have done to prove something. */
  readonly aims: (run: TalkingRun<Options, Servers>) => readonly Aim[];
  /** Codes by which messages may be refused while things are broken. Absent: all are taken. */
  readonly mayRefuse?: readonly string[];
  /** What else is counted, once all is settled. */
  readonly particulars?: (run: TalkingRun<Options, Servers>) => readonly Particular[];
  /** What the run broke of what is promised beside the figures that must be 0, a sentence each. */
  readonly broken?: (run: TalkingRun<Options, Servers>) => readonly string[];
  /** What is there when all clients are gone and should not be, a sentence each. */
  readonly leftBehind?: (run: TalkingRun<Options, Servers>) => Promise<readonly string[]>;
  /** Keeps some clients away for longer than their window, when nobody talks any more. */
  readonly keepAway?: (run: TalkingRun<Options, Servers>) => Promise<PastWindow>;
}
