import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionTokenRequest } from '../../src/process/token-issuer.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { type LogEntry, type ServerProcess, startServerProcess } from './server-process.ts';
import { startCommand } from './start-command.ts';

export interface ProductionServerOptions {
  /** The ids of the rooms that its directory knows. */
  readonly rooms: readonly string[];
  /** Settings beside those that production needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Modules that the process loads before the server. */
  readonly preloads?: readonly string[];
  /** The process answers the questions of `probe.ts`. */
  readonly isProbed?: boolean;
  readonly onEntry?: (entry: LogEntry) => void;
}

/** Parley as `npm start` runs it in production, with everything on. */
export interface ProductionServer {
  readonly process: ServerProcess;
  readonly wsUrl: string;
  /** A token that holds for an hour. */
  token(userId: string, request?: Partial<SessionTokenRequest>): Promise<string>;
  stop(): Promise<void>;
}

const probePreload = './test/server-process/probe.ts';
const secret = 'a secret of the tests, at least 32 bytes long';

export async function startProductionServer(options: ProductionServerOptions): Promise<ProductionServer> {
  const { rooms, env = {}, preloads = [], isProbed = false, onEntry } = options;
  const folder = await mkdtemp(join(tmpdir(), 'parley-'));
  const directoryFile = join(folder, 'directory.json');
  await writeFile(directoryFile, JSON.stringify({ rooms: Object.fromEntries(rooms.map((id) => [id, {}])) }));
  const issuer = new RecordingIssuer({ secret });
  const modules = isProbed ? [probePreload, ...preloads] : preloads;
  const process = await startServerProcess(
    [
      ...startCommand.flags,
      ...(isProbed ? ['--expose-gc'] : []),
      ...modules.map((path) => `--import=${path}`),
      startCommand.program,
    ],
    {
      NODE_ENV: 'production',
      JWT_SECRET: secret,
      DIRECTORY_FILE: directoryFile,
      DATA_DIR: folder,
      ...env,
    },
    onEntry,
    { hasChannel: isProbed },
  );
  return {
    process,
    wsUrl: `${process.url.replace('http', 'ws')}/ws`,
    token: (userId, request) => issuer.sessionToken({ userId, expiresInS: 3_600, ...request }),
    async stop() {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
