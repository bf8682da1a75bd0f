import type { CoverageEntry } from './coverage-document.ts';
import { claimedIds, maxClaims, requirementIds } from './requirement-ids.ts';

/** Whether every test of a title passed: a contract suite runs the same titles on several adapters. */
export type ResultsByTitle = ReadonlyMap<string, boolean>;

/** Where the document, the promises and the tests of a full run disagree, one sentence each. */
export function coverageFindings(rows: readonly CoverageEntry[], results: ResultsByTitle): readonly string[] {
  const listed = new Map(rows.map((row) => [row.id, new Set(row.tests)]));
  return [
    ...idFindings(rows),
    ...rows.flatMap((row) => testFindings(row, results)),
    ...claimFindings(listed, results),
  ];
}

/** How many promises the document lists tests for: `coverage: 23 of 61 promises proven, 38 not yet`. */
export function coverageSummary(rows: readonly CoverageEntry[]): string {
  const proven = rows.filter((row) => row.tests.length > 0).length;
  return `coverage: ${proven} of ${requirementIds.length} promises proven, ${requirementIds.length - proven} not yet`;
}

function idFindings(rows: readonly CoverageEntry[]): readonly string[] {
  const ids = rows.map((row) => row.id);
  return [
    ...requirementIds.filter((id) => !ids.includes(id)).map((id) => `${id} is missing in the document`),
    ...ids
      .filter((id) => !requirementIds.includes(id))
      .map((id) => `${id} is in the document, and no promise has this id`),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} is in the document twice`),
  ];
}

function testFindings(row: CoverageEntry, results: ResultsByTitle): readonly string[] {
  return row.tests.flatMap((title) => {
    const passed = results.get(title);
    if (passed === undefined) return [`${row.id} names a test that does not exist: ${title}`];
    if (!passed) return [`${row.id} names a test that did not pass: ${title}`];
    return claimedIds(title).includes(row.id)
      ? []
      : [`${row.id} names a test whose title does not claim it: ${title}`];
  });
}

function claimFindings(
  listed: ReadonlyMap<string, ReadonlySet<string>>,
  results: ResultsByTitle,
): readonly string[] {
  return [...results].flatMap(([title, passed]) => {
    const ids = claimedIds(title);
    if (ids.length > maxClaims)
      return [`a test claims ${ids.length} promises, the limit is ${maxClaims}: ${title}`];
    if (!passed) return [];
    return ids
      .filter((id) => listed.get(id)?.has(title) !== true)
      .map((id) => `a test claims ${id}, and the document does not name it there: ${title}`);
  });
}
