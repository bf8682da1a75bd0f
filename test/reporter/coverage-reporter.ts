import { readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { readCoverage, writeCoverage } from './coverage-document.ts';
import { coverageFindings, coverageSummary } from './coverage-findings.ts';
import { isFullRun } from './full-run.ts';
import { claimedIds } from './requirement-ids.ts';

/**
 * Holds docs/coverage.md against the tests: at the end of a full run it fails the run where the two disagree. A run of some
 * projects, files or titles says nothing about the rest, so it is not judged. With vitest's `-u` the document's lists
 * are written anew from the titles of the tests.
 */
export class CoverageReporter implements Reporter {
  readonly #document: string;
  #vitest: Vitest | undefined;

  /** `document`: the path of coverage.md. */
  constructor(document: string) {
    this.#document = document;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: unknown,
    reason: TestRunEndReason,
  ): Promise<void> {
    if (this.#vitest === undefined || reason === 'interrupted' || !(await isFullRun(this.#vitest, modules)))
      return;
    const { logger, config } = this.#vitest;
    const results = resultsByTitle(modules);
    if (config.snapshotOptions.updateSnapshot === 'all') this.#update([...results.keys()]);

    const rows = readCoverage(readFileSync(this.#document, 'utf8'));
    const findings = coverageFindings(rows, results);
    logger.log(`\n${coverageSummary(rows)}`);
    for (const finding of findings) logger.error(`coverage: ${finding}`);
    if (findings.length > 0) process.exitCode = 1;
  }

  #update(titles: readonly string[]): void {
    const testsById = new Map<string, string[]>();
    for (const title of titles.toSorted()) {
      for (const id of claimedIds(title)) testsById.set(id, [...(testsById.get(id) ?? []), title]);
    }
    writeFileSync(this.#document, writeCoverage(readFileSync(this.#document, 'utf8'), testsById));
  }
}

function resultsByTitle(modules: readonly TestModule[]): ReadonlyMap<string, boolean> {
  const results = new Map<string, boolean>();
  for (const test of modules.flatMap((module) => [...module.children.allTests()])) {
    results.set(test.name, (results.get(test.name) ?? true) && test.result().state === 'passed');
  }
  return results;
}
