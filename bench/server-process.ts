import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerProcess {
  readonly pid: number;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Starts a server as a process of its own, by `node` with these arguments and only this environment, on a free port of
 * loopback. It prints JSON lines, one of them with the event `process.listening` and its `url`.
 */
export async function startServerProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerProcess> {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { HOST: '127.0.0.1', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { event, url } = JSON.parse(line) as { readonly event?: string; readonly url?: string };
      if (event === 'process.listening' && url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string' || child.pid === undefined)
    throw new Error(`${args.join(' ')}: ended at its start`);
  return {
    pid: child.pid,
    url: url.replace('localhost', '127.0.0.1'),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
