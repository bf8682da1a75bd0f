import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A Redis server of a test file's own, without a port and without a disk. */
export interface SpareRedis {
  readonly socketPath: string;
  stop(): Promise<void>;
}

export async function startSpareRedis(): Promise<SpareRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
  const socketPath = join(folder, 'redis.sock');
  const server = spawn(
    'redis-server',
    [
      '--port',
      '0',
      '--unixsocket',
      socketPath,
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--enable-debug-command',
      'yes',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(server, 'exit');
  const stop = async () => {
    server.kill('SIGKILL');
    await exited;
    await rm(folder, { recursive: true });
  };
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.includes('ready to accept connections')) {
      server.stdout.resume();
      return { socketPath, stop };
    }
  }
  await stop();
  throw new Error('redis-server ended before it was ready');
}
