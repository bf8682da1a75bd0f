import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { recordLogLine } from '../../reporter/run-record.ts';

const start = fileURLToPath(new URL('../../../src/start.ts', import.meta.url));

export interface RunningServer {
  /** Its WebSocket address. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Starts a whole server from source on a free port of loopback, with only the given environment. */
export async function startServer(env: Readonly<Record<string, string>>): Promise<RunningServer> {
  const child = spawn(process.execPath, [start], {
    env: { HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'json', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const listening = new Promise<string>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      recordLogLine(line);
      const { event, url } = JSON.parse(line) as { readonly event?: string; readonly url?: string };
      if (event === 'process.listening' && url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([listening, ended]);
  if (typeof url !== 'string') throw new Error('the server ended at its start');
  return {
    url: `${url.replace(/^http/, 'ws').replace('localhost', '127.0.0.1')}/ws`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
