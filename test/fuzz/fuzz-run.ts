import { realReader } from './frame-reader.ts';
import { runFrames, runLiveFrames } from './frame-run.ts';
import { realWriter } from './frame-writer.ts';
import { LiveNode } from './live-node.ts';
import { runOutgoing } from './outgoing-run.ts';
import { type KindCount, Tally } from './tally.ts';

export interface FuzzOptions {
  readonly seed: number;
  /** Frames that come in, all together. */
  readonly cases: number;
  /** How many of them also go through a socket. */
  readonly live: number;
  /** Frames that go out. */
  readonly outgoing: number;
  readonly progress?: (words: string) => void;
}

export interface FuzzReport {
  readonly seed: number;
  readonly cases: number;
  readonly mutations: number;
  readonly accepted: number;
  readonly kinds: readonly KindCount[];
  readonly live: { readonly frames: number; readonly connections: number };
  /** Frames that went out, by kind. */
  readonly outgoing: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/**
 * Tries the server's reader on frames, a node on some of them, and the server's writers. Throws `Disagreement` at the first
 * frame that is not read or written as it should be, and an Error where the totals are missed.
 */
export async function fuzz({ seed, cases, live, outgoing, progress }: FuzzOptions): Promise<FuzzReport> {
  const startedAtMs = performance.now();
  const tally = new Tally();
  const told = { progress: (kind: string) => progress?.(`${tally.cases} of ${cases} cases, ${kind}`) };
  runFrames(realReader, { seed, cases: cases - live, tally, ...told });
  const node = await LiveNode.start(realReader);
  try {
    await runLiveFrames(realReader, node, { seed: seed + 1, cases: live, tally, ...told });
  } finally {
    await node.close();
  }
  progress?.('frames that go out');
  const written = runOutgoing(realWriter, { seed, cases: outgoing });
  const unseen = tally.kinds.filter((count) => count.cases === 0);
  const shortfalls = [
    ...tally.shortfalls(cases),
    ...unseen.map(({ kind }) => `no case of the kind ${kind} ran`),
  ];
  if (shortfalls.length > 0) throw new Error(shortfalls.join('; '));
  const { mutations, accepted, kinds } = tally;
  const seconds = Math.round((performance.now() - startedAtMs) / 100) / 10;
  return {
    seed,
    cases: tally.cases,
    mutations,
    accepted,
    kinds,
    live: node.counts,
    outgoing: written,
    seconds,
  };
}
