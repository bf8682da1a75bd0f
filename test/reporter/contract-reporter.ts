import type { Reporter, TestModule, TestRunEndReason, TestSuite, Vitest } from 'vitest/node';
import { isFullRun } from './full-run.ts';

/** The ports that are kept in each store, and what is run for each. */
const ports = ['RoomLog', 'SessionStore', 'NodeLeases', 'RoomRecordCache'];
const stores = ['memory', 'Redis, one server', 'Redis, cluster of three masters'];

/** Prints how many cases of each port's contract ran on each store, and fails a full run where one of them had none. */
export class ContractReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: unknown,
    reason: TestRunEndReason,
  ): Promise<void> {
    const counts = countsBySuite(modules);
    if (this.#vitest === undefined || counts.size === 0) return;
    const { logger } = this.#vitest;
    for (const [suite, count] of [...counts].toSorted()) logger.log(`contract: ${suite}: ${count} cases`);
    if (reason === 'interrupted' || !(await isFullRun(this.#vitest, modules))) return;
    for (const suite of ports.flatMap((port) => stores.map((store) => `${port}: ${store}`))) {
      if ((counts.get(suite) ?? 0) > 0) continue;
      logger.error(`contract: ${suite}: no case was started`);
      process.exitCode = 1;
    }
  }
}

/** How many cases passed, by the suite's title: `RoomLog: memory`. */
function countsBySuite(modules: readonly TestModule[]): ReadonlyMap<string, number> {
  const suites = modules
    .flatMap((module) => [...module.children.suites()])
    .filter(({ name }) => /^[A-Z][A-Za-z]+: /.test(name));
  return new Map(suites.map((suite) => [suite.name, passed(suite)]));
}

function passed(suite: TestSuite): number {
  return [...suite.children.allTests('passed')].length;
}
