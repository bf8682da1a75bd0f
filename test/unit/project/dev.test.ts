import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { repository } from './repository.ts';

const project = mkdtempSync(path.join(tmpdir(), 'parley-dev-'));
let dev: ChildProcess;

afterEach(async () => {
  if (dev.exitCode === null && dev.kill('SIGTERM')) await once(dev, 'exit');
  rmSync(project, { recursive: true });
});

test('npm run dev starts the server again and builds the page again at a change, and leaves nothing running', {
  timeout: 60_000,
}, async () => {
  for (const name of ['vite.config.ts', 'package.json'])
    cpSync(path.join(repository, name), path.join(project, name));
  symlinkSync(path.join(repository, 'node_modules'), path.join(project, 'node_modules'));
  mkdirSync(path.join(project, 'src/web'), { recursive: true });
  writeServer('first');
  writePage('one');

  const { NODE_ENV: _, ...env } = process.env;
  dev = spawn(process.execPath, [path.join(repository, 'scripts/dev.mjs')], {
    cwd: project,
    stdio: 'pipe',
    env,
  });
  const said = listen(dev);
  const [, firstPid] = await said(/first server (\d+), NODE_ENV undefined/);
  await writingUntil(said(/second server \d+/), () => writeServer('second'));
  expect(isRunning(Number(firstPid))).toBe(false);
  await writingUntil(said(/built in[^]*built in/), () => writePage('two'));

  dev.kill('SIGTERM');
  // All who could still write have ended. A build that was under way may have had the last word.
  expect(await once(dev, 'close')).toEqual([0, null]);
  const { input } = await said(/second server stops/);
  const pids = [...input.matchAll(/server (\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids.filter(isRunning)).toEqual([]);
});

/** Changes a file, and now and then again, since a watcher may not have seen it yet at first: rarely enough that what begins anew gets to run. */
async function writingUntil(seen: Promise<unknown>, write: () => void): Promise<void> {
  write();
  const again = setInterval(write, 5_000);
  await seen.finally(() => clearInterval(again));
}

function writeServer(name: string): void {
  writeFileSync(
    path.join(project, 'src/start.ts'),
    `const name: string = '${name}';
     process.once('SIGTERM', () => { console.log(name + ' server stops'); clearInterval(timer); });
     const timer = setInterval(() => {}, 1000);
     console.log(name + ' server ' + process.pid + ', NODE_ENV ' + process.env.NODE_ENV);`,
  );
}

function writePage(text: string): void {
  writeFileSync(path.join(project, 'src/web/index.html'), `<!doctype html><title>${text}</title>`);
}

/** Waits until what the process has said matches. */
function listen(child: ChildProcess): (pattern: RegExp) => Promise<RegExpExecArray> {
  let output = '';
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      output += data.toString();
      look();
    });
  }
  return (pattern) =>
    new Promise((resolve) => {
      look = () => {
        const match = pattern.exec(output);
        if (match !== null) resolve(match);
      };
      look();
    });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
