import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Of what a run that failed told of itself, so many characters, from the end. */
const mostTold = 2_000;

/** Runs a name with these arguments in a test. */
export type ChaosRun<Report> = (
  context: TestContext,
  ...args: readonly string[]
) => Promise<{ status: number; report: Report }>;

/** `npm run chaos -- NAME --json` without the build, in a short form. */
export function chaosRun(name: string, short: readonly string[]): ChaosRun<unknown> {
  return async ({ onTestFailed, onTestFinished }, ...args) => {
    const command = ['test/chaos/main.ts', name, '--json', ...short, ...args];
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGTERM'));
    const ended = once(child, 'close') as Promise<[number]>;
    const [printed, told] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [status] = await ended;
    if (printed === '') throw new Error(`it could not be run: ${told.slice(-mostTold)}`);
    // Which fault a run came upon first is chance, and its seed alone does not bring it again.
    onTestFailed(() => console.error(`${command.join(' ')}\n${printed}`));
    return { status, report: JSON.parse(printed) as unknown };
  };
}
