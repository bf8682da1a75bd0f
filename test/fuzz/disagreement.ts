import type { RunDetails } from 'fast-check';

const maxShown = 4_096;

/** A case in which two that should agree do not. */
export class Disagreement extends Error {
  override readonly name = 'Disagreement';

  /** `kind`: of the case. `bytes`: the smallest that was found; undefined where it has none. */
  constructor(kind: string, bytes: Uint8Array | undefined, seed: number, cause: unknown) {
    const words = cause instanceof Error ? cause.message : String(cause);
    const hex =
      bytes === undefined ? 'none' : `${bytes.length}, ${shortened(Buffer.from(bytes).toString('hex'))}`;
    super(`${kind}: ${words}\nbytes: ${hex}\nseed: ${seed}`, { cause });
  }
}

/** The seed makes the rest again. */
function shortened(hex: string): string {
  return hex.length <= maxShown ? hex : `${hex.slice(0, maxShown)}… (shortened)`;
}

/** Throws the smallest counterexample of a run, if it has one. `bytesOf` says what bytes a case has. */
export function expectNone<Case>(
  details: RunDetails<[Case]>,
  kind: string,
  bytesOf: (found: Case) => Uint8Array,
): void {
  if (!details.failed) return;
  const found = details.counterexample?.[0];
  const cause = details.errorInstance ?? 'the run was interrupted';
  throw new Disagreement(kind, found && tryBytes(() => bytesOf(found)), details.seed, cause);
}

/** A writer that fails has no bytes to show. */
function tryBytes(bytes: () => Uint8Array): Uint8Array | undefined {
  try {
    return bytes();
  } catch {
    return undefined;
  }
}
