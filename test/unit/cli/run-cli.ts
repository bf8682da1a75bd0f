import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

export interface RunningCli {
  readonly child: ChildProcess;
  /** What it has written to standard output. */
  readonly output: () => string;
  /** Resolves with its output when that fits the pattern. Rejects when the program ends before. */
  readonly shows: (pattern: RegExp) => Promise<string>;
  readonly ended: Promise<CliResult>;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `parley` from source, with only the given environment. Killed when the test ends. */
export function startCli(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningCli {
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [stdout, stderr, hasEnded] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => {
    hasEnded = true;
    return { code: code as number | null, stdout, stderr };
  });
  const shows = async (pattern: RegExp) => {
    while (!pattern.test(stdout)) {
      if (hasEnded) throw new Error(`parley ended without showing ${String(pattern)}:\n${stdout}${stderr}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
    return stdout;
  };
  return { child, output: () => stdout, shows, ended };
}

/** Runs `parley` to its end. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return startCli(args, env).ended;
}
