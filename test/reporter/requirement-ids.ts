/** How many promises each group has. */
const groups = { S: 8, R: 7, P: 4, M: 7, C: 5, U: 2, K: 3, A: 1, I: 4, N: 4, X: 6, O: 6, L: 4 } as const;

/** The id of every promise that Parley makes, in the order of docs/coverage.md: `S1` … `L4`. */
export const requirementIds: readonly string[] = Object.entries(groups).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, index) => `${group}${index + 1}`),
);

/** The most ids that one test's title may claim. */
export const maxClaims = 3;

const claim = /^([A-Z]\d+(?:, [A-Z]\d+)*): /;

/** The ids that a test's title claims to prove: `S1, R2: a title` claims S1 and R2. */
export function claimedIds(title: string): readonly string[] {
  return claim.exec(title)?.[1]?.split(', ') ?? [];
}
