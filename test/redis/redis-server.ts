import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundPortInUse, onFreePort, randomPort } from '../program/on-free-port.ts';
import { Program } from '../program/program.ts';
import { callRedis } from './call-redis.ts';

export interface RedisServerOptions {
  /** Keeps an append-only file, written through to the disk this often. Absent: nothing is kept. */
  readonly appendFsync?: 'always' | 'everysec';
  /** The primary that it copies. It may not be in sync yet when it is up: see `inSync`. */
  readonly replicaOf?: RedisServer;
  readonly password?: string;
  readonly isClusterNode?: boolean;
  /** More lines of its configuration, after all others. */
  readonly config?: readonly string[];
}

/** By whom it runs: `redis-server`, or as a sentinel, which is the same program. */
export type RedisProgram = 'redis-server' | 'redis-sentinel';

const startTimeoutMs = 10_000;
const stopTimeoutMs = 5_000;
const ready = /Ready to accept connections|Sentinel ID is/;

/**
 * A real Redis on a free port of loopback, in a folder of its own. It may be killed, paused and started again at the same
 * address; `stop` is its end. Its settings are kept in a file, so that what sentinels rewrite there outlives a restart.
 */
export class RedisServer {
  readonly port: number;
  /** The port of its cluster bus. */
  readonly busPort: number;
  readonly password: string | undefined;
  readonly #settings: Settings;
  #process: Program;

  private constructor(settings: Settings, process: Program) {
    this.port = settings.port;
    this.busPort = settings.busPort;
    this.password = settings.password;
    this.#settings = settings;
    this.#process = process;
  }

  /** Resolves when it answers. Rejects, with the last lines of its log, where it does not come up. */
  static start(options: RedisServerOptions = {}): Promise<RedisServer> {
    return RedisServer.startWith('redis-server', (port, busPort) => serverConfig(options, port, busPort), {
      password: options.password,
    });
  }

  /** As `start`, with nothing in the configuration but these lines and where it listens and writes. */
  static startWith(
    program: RedisProgram,
    config: (port: number, busPort: number) => readonly string[],
    { password }: { readonly password?: string | undefined } = {},
  ): Promise<RedisServer> {
    return onFreePort(async () => {
      const [port, busPort] = [randomPort(), randomPort()];
      const folder = await mkdtemp(join(tmpdir(), 'parley-redis-'));
      const settings = { program, folder, port, busPort, password };
      try {
        const lines = [
          `port ${port}`,
          'bind 127.0.0.1',
          `dir ${JSON.stringify(folder)}`,
          ...config(port, busPort),
        ];
        await writeFile(configFile(folder), `${lines.join('\n')}\n`);
        const process = await startProcess(settings);
        if (process !== undefined) return new RedisServer(settings, process);
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
      await rm(folder, { recursive: true, force: true });
      return undefined;
    });
  }

  /** Of the process that runs, or ran last. */
  get pid(): number {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return !this.#process.hasEnded;
  }

  /** `redis://127.0.0.1:PORT`, with the password where it has one. */
  get url(): string {
    const userInfo = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${userInfo}127.0.0.1:${this.port}`;
  }

  /** The last lines of its log. */
  get log(): string {
    return this.#process.output;
  }

  /** Sends a command on a connection of its own. Rejects with what Redis refuses, and after 5 s. */
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return callRedis(this, command, ...args);
  }

  /** Ends its process at once, by SIGKILL. What it has on disk is there for a `restart`. */
  async kill(): Promise<void> {
    this.#process.signal('SIGKILL');
    await this.#process.ended;
  }

  /** It keeps its connections and answers nothing, until `resume`. */
  pause(): void {
    this.#process.signal('SIGSTOP');
  }

  resume(): void {
    this.#process.signal('SIGCONT');
  }

  /** Starts it again where it was, after a clean end if it still runs. Resolves when it has read its data and answers. */
  async restart(): Promise<void> {
    await this.#process.end(stopTimeoutMs);
    const process = await startProcess(this.#settings);
    if (process === undefined) throw new Error(`port ${this.port} was taken while its server was down`);
    this.#process = process;
  }

  /** Ends its process and removes its folder. */
  async stop(): Promise<void> {
    await this.#process.end(stopTimeoutMs);
    await rm(this.#settings.folder, { recursive: true, force: true });
  }
}

interface Settings {
  readonly program: RedisProgram;
  readonly folder: string;
  readonly port: number;
  readonly busPort: number;
  readonly password: string | undefined;
}

/** Gives undefined where the port is in use. */
async function startProcess({ program, folder, port, password }: Settings): Promise<Program | undefined> {
  const process = await Program.start(program, [configFile(folder)]);
  try {
    await process.line(ready, startTimeoutMs);
    await callRedis({ port, password }, 'PING');
    return process;
  } catch (error) {
    await process.end(0);
    if (foundPortInUse(process)) return undefined;
    throw error;
  }
}

function configFile(folder: string): string {
  return join(folder, 'redis.conf');
}

function serverConfig(options: RedisServerOptions, port: number, busPort: number): readonly string[] {
  const { appendFsync, replicaOf, password, isClusterNode = false, config = [] } = options;
  return [
    'save ""',
    'maxmemory-policy noeviction',
    // A replica is in sync at once, and a primary does not wait for a paused one to end.
    'repl-diskless-sync-delay 0',
    'repl-ping-replica-period 1',
    'shutdown-timeout 0',
    ...(appendFsync === undefined ? [] : ['appendonly yes', `appendfsync ${appendFsync}`]),
    ...(password === undefined ? [] : [`requirepass ${JSON.stringify(password)}`]),
    ...(replicaOf === undefined ? [] : [`replicaof 127.0.0.1 ${replicaOf.port}`]),
    ...(replicaOf?.password === undefined ? [] : [`masterauth ${JSON.stringify(replicaOf.password)}`]),
    ...(isClusterNode
      ? ['cluster-enabled yes', `cluster-port ${busPort}`, 'cluster-config-file nodes.conf']
      : []),
    ...(isClusterNode ? ['cluster-node-timeout 2000', `cluster-announce-port ${port}`] : []),
    ...config,
  ];
}
