import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a name with these arguments in a test. */
export type ChaosRun<Report> = (
  context: TestContext,
  ...args: readonly string[]
) => Promise<{ status: number; report: Report }>;

/** `npm run chaos -- NAME --json` without the build, in a short form. */
export function chaosRun(name: string, short: readonly string[]): ChaosRun<unknown> {
  return async ({ onTestFinished }, ...args) => {
    const command = ['test/chaos/main.ts', name, '--json', ...short, ...args];
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    onTestFinished(() => void child.kill('SIGTERM'));
    const ended = once(child, 'close') as Promise<[number]>;
    const report = JSON.parse(await text(child.stdout)) as unknown;
    const [status] = await ended;
    return { status, report };
  };
}
