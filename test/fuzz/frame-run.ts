import fc from 'fast-check';
import { agree } from './agreement.ts';
import { type CaseKind, caseKinds, type FuzzCase } from './case-kind.ts';
import { expectNone } from './disagreement.ts';
import type { FrameReader } from './frame-reader.ts';
import type { LiveNode } from './live-node.ts';
import type { Tally } from './tally.ts';

/** How long a smaller counterexample is looked for through a socket, where each may end in an answer that does not come. */
const shrinkForMs = 20_000;

export interface FrameRunOptions {
  readonly seed: number;
  /** How many cases, of all kinds together; a few more, so that each kind has its share. */
  readonly cases: number;
  readonly tally: Tally;
  /** Is told after each kind. */
  readonly progress?: (kind: string) => void;
  /** Looks for the smallest counterexample, which takes its time. */
  readonly shrink?: boolean;
}

/** Tries a reader on cases of every kind. Throws `Disagreement` at the first that is not as it should be. */
export function runFrames(reader: FrameReader, options: FrameRunOptions): void {
  for (const kind of caseKinds) {
    const property = fc.property(kind.cases, (found) => {
      options.tally.add(kind.name, agree(reader, found.schema, found.bytes()));
    });
    expectNone(fc.check(property, parameters(kind, caseKinds, options)), kind.name, (found) => found.bytes());
    options.progress?.(kind.name);
  }
}

/** The same, and each frame also goes to a node, which has to answer it as the reader said. */
export async function runLiveFrames(
  reader: FrameReader,
  node: LiveNode,
  options: FrameRunOptions,
): Promise<void> {
  const kinds = caseKinds.filter(({ isFrame }) => isFrame);
  for (const kind of kinds) {
    let smallest = new Uint8Array(0);
    let shrinkUntilMs = Infinity;
    const property = fc.asyncProperty(kind.cases, async (found) => {
      fc.pre(performance.now() < shrinkUntilMs);
      const bytes = Uint8Array.from(found.bytes(await node.nextId()));
      try {
        options.tally.add(kind.name, agree(reader, found.schema, bytes));
        await node.expectAnswer(bytes);
      } catch (error) {
        smallest = bytes;
        shrinkUntilMs = Math.min(shrinkUntilMs, performance.now() + shrinkForMs);
        throw error;
      }
    });
    const details = await fc.check(property, parameters(kind, kinds, options));
    expectNone(details, `${kind.name}, through a socket`, () => smallest);
    options.progress?.(kind.name);
  }
}

/** So many runs that a kind has its share of the cases of all those kinds. */
function parameters(
  { share }: CaseKind,
  kinds: readonly CaseKind[],
  { seed, cases, shrink = true }: FrameRunOptions,
): fc.Parameters<[FuzzCase]> {
  const shares = kinds.reduce((total, { share }) => total + share, 0);
  return { seed, numRuns: Math.ceil((cases * share) / shares), endOnFailure: !shrink };
}
