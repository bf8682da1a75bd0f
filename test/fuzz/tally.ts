import type { Outcome } from './agreement.ts';
import { caseKinds } from './case-kind.ts';

/** What came of the cases of one kind. */
export interface KindCount {
  readonly kind: string;
  readonly isMutation: boolean;
  cases: number;
  accepted: number;
  /** By error code. */
  readonly refused: Record<string, number>;
  /** Those of the refused that the decoder takes, by their kind on the list. */
  readonly decoderTakes: Record<string, number>;
}

/** Counts what comes of cases. */
export class Tally {
  readonly #counts = new Map<string, KindCount>(
    caseKinds.map(({ name, isMutation }) => [
      name,
      { kind: name, isMutation, cases: 0, accepted: 0, refused: {}, decoderTakes: {} },
    ]),
  );

  add(kind: string, { error, stricter }: Outcome): void {
    const count = this.#counts.get(kind);
    if (count === undefined) throw new Error(`there is no kind of case ${kind}`);
    count.cases++;
    if (error === undefined) count.accepted++;
    else raise(count.refused, error.codeName);
    if (stricter !== undefined) raise(count.decoderTakes, stricter);
  }

  get kinds(): readonly KindCount[] {
    return [...this.#counts.values()];
  }

  get cases(): number {
    return sum(this.kinds, ({ cases }) => cases);
  }

  get mutations(): number {
    return sum(
      this.kinds.filter(({ isMutation }) => isMutation),
      ({ cases }) => cases,
    );
  }

  get accepted(): number {
    return sum(this.kinds, ({ accepted }) => accepted);
  }

  /** What is missing of a run of so many cases, one sentence each. */
  shortfalls(wanted: number): readonly string[] {
    const { cases, mutations, accepted } = this;
    return [
      ...(cases < wanted ? [`${cases} cases ran, ${wanted} were wanted`] : []),
      ...(mutations * 2 < cases
        ? [`${mutations} of ${cases} cases are mutations, half of them were wanted`]
        : []),
      ...(accepted < cases * 0.3 ? [`${accepted} of ${cases} cases are accepted, 30 % were wanted`] : []),
    ];
  }
}

function raise(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}
