import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

const showsWithinMs = 30_000;

export interface RunningCli {
  readonly child: ChildProcess;
  /** Resolves when the pattern fits its output. Rejects after 30 s, and when the program ends before. */
  readonly shows: (pattern: RegExp) => Promise<void>;
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
  const shown = new EventEmitter();
  let [stdout, stderr, hasEnded] = ['', '', false];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    shown.emit('more');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    shown.emit('more');
  });
  const ended = once(child, 'close').then(([code]) => {
    hasEnded = true;
    return { code: code as number | null, stdout, stderr };
  });
  const shows = async (pattern: RegExp) => {
    const late = AbortSignal.timeout(showsWithinMs);
    while (!pattern.test(stdout + stderr)) {
      await Promise.race([once(shown, 'more', { signal: late }), ended]).catch(() => undefined);
      if (pattern.test(stdout + stderr)) break;
      if (hasEnded || late.aborted)
        throw new Error(`parley does not show ${String(pattern)}:\n${stdout}${stderr}`);
    }
  };
  return { child, shows, ended };
}

/** Runs `parley` to its end. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  return startCli(args, env).ended;
}
