import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { recordLogLine } from '../reporter/run-record.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let pagesBuilt: Promise<unknown> | undefined;

/** A server in a process of its own, with the pages as they are now. */
export class ParleyServer {
  readonly url: string;
  readonly #process: ChildProcess;
  /** Its `DATA_DIR`, with the secret that it made for tokens. */
  readonly dataFolder: string;

  private constructor(url: string, process: ChildProcess, dataFolder: string) {
    this.url = url;
    this.#process = process;
    this.dataFolder = dataFolder;
  }

  /** Resolves when it listens. Without `PORT` it takes a free one. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<ParleyServer> {
    pagesBuilt ??= build({ configFile: join(root, 'vite.config.ts'), logLevel: 'warn' });
    await pagesBuilt;
    const dataFolder = settings['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'parley-'));
    const server = spawn(process.execPath, ['src/start.ts'], {
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: '0',
        DATA_DIR: dataFolder,
        LOG_FORMAT: 'json',
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new ParleyServer(await listeningUrl(server), server, dataFolder);
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.dataFolder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#process.kill(signal);
    await once(this.#process, 'exit');
  }
}

async function listeningUrl(server: ChildProcess): Promise<string> {
  if (server.stdout === null) throw new Error('the server has no output');
  const seen: string[] = [];
  const lines = createInterface(server.stdout);
  const listening = new Promise<string>((resolve) => {
    lines.on('line', (line) => {
      recordLogLine(line);
      seen.push(line);
      const url = /"url":"(http:[^"]+)"/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const url = await Promise.race([listening, once(lines, 'close')]);
  if (typeof url === 'string') return url;
  throw new Error(`the server ended before it listened:\n${seen.join('\n')}`);
}
