import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('stopping-program.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly lines: string[];
  /** Resolves when the program has said this line. */
  readonly said: (line: string) => Promise<void>;
  readonly exited: Promise<number | null>;
}

async function start(behaviour: string, deadlineMs: number): Promise<Started> {
  const child = spawn(process.execPath, [program, behaviour, String(deadlineMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const said = async (line: string) => {
    while (!lines.includes(line)) await once(reader, 'line');
  };
  const exited = once(child, 'close').then(([code]) => code as number | null);
  await said('ready');
  return { child, lines, said, exited };
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'S7: %s closes the parts in order and exits with 0',
  async (signal) => {
    const { child, lines, exited } = await start('closes', 10_000);
    child.kill(signal);
    expect(await exited).toBe(0);
    expect(lines.slice(1)).toEqual([
      'process.stopping',
      'closing first',
      'closed first',
      'closed second',
      'process.stopped',
    ]);
  },
);

test('past the deadline the process exits with 1 and says which part it waited for', async () => {
  const { child, lines, exited } = await start('stalls', 100);
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  expect(lines).toContain('process.stop_overdue first Error: stopping took more than 100 ms');
  expect(lines).not.toContain('closed second');
});

test('a part is told by its signal that the deadline has passed', async () => {
  const { child, lines, exited } = await start('waits', 100);
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  expect(lines).not.toContain('closed second');
});

test('a part that fails does not keep the others from closing, and the exit code says so', async () => {
  const { child, lines, exited } = await start('fails', 10_000);
  child.kill('SIGTERM');
  expect(await exited).toBe(1);
  expect(lines).toContain('process.close_failed first Error: broken');
  expect(lines).toContain('closed second');
});

test('a second signal ends the process at once', async () => {
  const { child, said, exited } = await start('stalls', 60_000);
  child.kill('SIGINT');
  await said('closing first');
  child.kill('SIGINT');
  expect(await exited).toBe(1);
});
