import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

interface Line {
  readonly event: string;
  readonly line?: number;
  readonly lines?: number;
}

/** A process that logs so many lines at once to a pipe, which nobody reads until it has. */
async function logged(lines: number): Promise<ChildProcess> {
  const program = fileURLToPath(new URL('logging-program.ts', import.meta.url));
  const child = spawn(process.execPath, [program, `${lines}`], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  expect(await once(child, 'message')).toEqual(['logged', undefined]);
  return child;
}

/** Reads what it logged; says when the first came. */
function read({ stdout }: ChildProcess) {
  let text = '';
  stdout?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return () => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

test('X3: a process that logs more than a pipe holds does not wait for whoever reads it, who gets every line in order, the last before its exit too', async () => {
  const child = await logged(20_000);
  const lines = read(child);
  await expect.poll(() => lines().length, { timeout: 20_000 }).toBe(20_000);
  const ended = once(child, 'close');
  child.send('exit');
  expect(await ended).toEqual([0, null]);
  expect(lines().map(({ line }) => line)).toEqual([...Array(20_000).keys(), undefined]);
  expect(lines().at(-1)?.event).toBe('test.last');
});

test('X3: lines for which there is no room are dropped, and how many is logged as soon as there is some', async () => {
  const written = 400_000;
  const child = await logged(written);
  const lines = read(child);
  const dropped = () => lines().filter(({ event }) => event === 'log.dropped');
  await expect.poll(dropped, { timeout: 20_000, interval: 500 }).toHaveLength(1);
  const kept = lines().flatMap(({ line }) => (line === undefined ? [] : [line]));
  expect(kept).toEqual([...Array(kept.length).keys()]);
  expect(kept.length).toBeGreaterThan(50_000);
  expect(kept.length + (dropped()[0]?.lines ?? 0)).toBe(written);
}, 30_000);
