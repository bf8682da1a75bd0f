import type { RunReport } from './run-report.ts';

/** A line of a table for people: whether it is right, what it is, how much, and what that means. */
export type Row = readonly [mark: string, name: string, value: number | string, words: string];

export function rows(all: readonly Row[]): readonly string[] {
  return all.map(([sign, name, value, words]) =>
    `${sign.padStart(3)} ${name.padEnd(14)}${String(value).padStart(8)}  ${words}`.trimEnd(),
  );
}

export function mark(isRight: boolean): string {
  return isRight ? '✓' : '✗';
}

/** What stands above a table. */
export function title({ name, seed, commit, sabotage, seconds }: RunReport): string {
  const parts = [`${name}, seed ${seed}`, `commit ${commit.replace(/^([0-9a-f]{12})[0-9a-f]*/, '$1')}`];
  if (sabotage !== undefined) parts.push(`the server without ${sabotage}`);
  return `\n${parts.join(' · ')} · ${seconds} s\n`;
}

/** What comes of a run, with what was broken. */
export function verdict({ kept, broken }: RunReport, more: readonly string[] = []): readonly string[] {
  return [kept ? '  kept' : '  BROKEN', ...[...broken, ...more].map((sentence) => `  - ${sentence}`), ''];
}
