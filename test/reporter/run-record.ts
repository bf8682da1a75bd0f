import { appendFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

/** Names the folder where a test run keeps what its servers log, and what must not stand there. Not set: nothing is kept. */
export const recordFolderVariable = 'TEST_RECORD_FOLDER';

/** What a test gave to a server that must not stand in its log. */
export interface Datum {
  readonly kind: 'token' | 'user id';
  readonly value: string;
}

/** A line of a server's log, and where it stands in the record. */
export interface RecordedLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Keeps a line that a server logged. */
export function recordLogLine(line: string): void {
  append('log', line.trimEnd());
}

/** Keeps what must not stand in a log. */
export function recordDatum(datum: Datum): void {
  append('data', JSON.stringify(datum));
}

/** All lines that were kept. */
export function recordedLines(folder: string): readonly RecordedLine[] {
  return linesOf(folder, 'log');
}

/** All data that were kept. */
export function recordedData(folder: string): readonly Datum[] {
  return linesOf(folder, 'data').map(({ text }) => JSON.parse(text) as Datum);
}

function append(kind: 'log' | 'data', line: string): void {
  const folder = process.env[recordFolderVariable];
  // A file for each worker: lines of several would run into one another.
  if (folder !== undefined)
    appendFileSync(join(folder, `${kind}-${process.pid}-${threadId}.txt`), `${line}\n`);
}

function linesOf(folder: string, kind: 'log' | 'data'): readonly RecordedLine[] {
  const files = readdirSync(folder).filter((name) => name.startsWith(`${kind}-`));
  return files.flatMap((name) => {
    const file = join(folder, name);
    const texts = readFileSync(file, 'utf8').trimEnd().split('\n');
    return texts.map((text, index) => ({ file, line: index + 1, text }));
  });
}
