import type { ConnectRouter } from '@connectrpc/connect';
import type { Config } from '../../process/config.ts';
import type { Log } from '../../process/pino-log.ts';
import { systemClock } from '../../shared/clock.ts';
import { DirectoryFile } from './directory-file.ts';
import { directoryRoutes } from './directory-service.ts';
import { OpenPolicy } from './open-policy.ts';

/** A Directory Service that is ready to be served, by a transport in the process or by a server of its own. */
export interface OpenedDirectory {
  readonly routes: (router: ConnectRouter) => void;
  close(): void;
}

/**
 * Opens the Directory that the configuration names: a file, or the open policy of development. Undefined: it is configured
 * elsewhere. Rejects with `ConfigError` for a file that is not valid, and with `SignalError` INVALID_ARGUMENT for the open policy in
 * production.
 */
export async function openDirectory(
  { directory, environment }: Pick<Config, 'directory' | 'environment'>,
  log: Log,
): Promise<OpenedDirectory | undefined> {
  const { source } = directory;
  if (source.kind === 'file') {
    const file = await DirectoryFile.open({
      path: source.path,
      reloadIntervalMs: 2_000,
      clock: systemClock,
      log,
    });
    return { routes: directoryRoutes(file), close: () => file.close() };
  }
  if (source.kind !== 'open') return undefined;
  const policy = new OpenPolicy({ production: environment === 'production' });
  return { routes: directoryRoutes(policy), close: () => undefined };
}
