import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { isFullRun } from './full-run.ts';
import { PersonalData } from './personal-data.ts';
import { recordedData, recordedLines, recordFolderVariable } from './run-record.ts';

/** What a full run has at least: with less, the search would be of next to nothing. */
const fewest = { lines: 4_000, tokens: 200, users: 40 };
/** How many findings are said. */
const maxSaid = 20;

/**
 * Searches what the servers of a test run have logged for personal data, and fails the run where there is any, by the rule of
 * `PersonalData`; a full run also where little was logged or issued. What was recorded stays where something was found, else it is removed.
 */
export class LogReporter implements Reporter {
  #vitest: Vitest | undefined;
  #folder = '';

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(): void {
    this.#folder = mkdtempSync(join(tmpdir(), 'parley-test-log-'));
    // The workers, and the processes that they start, begin with the environment of now.
    process.env[recordFolderVariable] = this.#folder;
  }

  async onTestRunEnd(
    modules: readonly TestModule[],
    _errors: unknown,
    reason: TestRunEndReason,
  ): Promise<void> {
    const isFull =
      this.#vitest !== undefined && reason !== 'interrupted' && (await isFullRun(this.#vitest, modules));
    const findings = this.#search(isFull);
    for (const finding of findings.slice(0, maxSaid)) this.#vitest?.logger.error(`log: ${finding}`);
    if (findings.length > 0) {
      process.exitCode = 1;
      this.#vitest?.logger.error(
        `log: ${findings.length} findings, by the rule in test/reporter/personal-data.ts; the log stands in ${this.#folder}`,
      );
    } else {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #search(isFull: boolean): readonly string[] {
    const data = recordedData(this.#folder);
    const lines = recordedLines(this.#folder);
    const users = new Set(data.filter(({ kind }) => kind === 'user id').map(({ value }) => value)).size;
    const tokens = data.filter(({ kind }) => kind === 'token').length;
    const counts = `${lines.length} lines, ${tokens} tokens and ${users} user ids`;
    if (isFull) this.#vitest?.logger.log(`log: searched ${counts}`);
    const tooFew = lines.length < fewest.lines || tokens < fewest.tokens || users < fewest.users;
    const personal = new PersonalData(data);
    return [
      ...(isFull && tooFew ? [`only ${counts} were recorded, there were more once`] : []),
      ...lines.flatMap(({ file, line, text }) =>
        personal
          .in(text)
          .map(
            ({ kind, event, field }) =>
              `${file}:${line} has a ${kind} in ${field === '' ? 'plain text' : `"${field}" of ${event}`}`,
          ),
      ),
    ];
  }
}
