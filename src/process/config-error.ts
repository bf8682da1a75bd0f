/** One thing that is wrong with the settings. */
export interface ConfigProblem {
  /** The setting. */
  readonly name: string;
  /** What is wrong. Never a secret's value. */
  readonly wrong: string;
  /** What would be right. */
  readonly right: string;
}

/** Settings that a process can't start with: all problems at once, with a message fit for a terminal. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[], options?: ErrorOptions) {
    const width = Math.max(...problems.map(({ name }) => name.length));
    const lines = problems.map(({ name, wrong, right }) => `  ${name.padEnd(width)}  ${wrong}; ${right}`);
    const settings = new Set(problems.map(({ name }) => name)).size;
    const count = settings === 1 ? 'One setting is wrong' : `${settings} settings are wrong`;
    super([`${count}:`, ...lines].join('\n'), options);
    this.problems = problems;
  }
}
