import type { Transport } from '@connectrpc/connect';
import type { Config } from '../process/config.ts';
import type { LoadedTokenKeys } from '../process/token-keys.ts';
import { type Clock, systemClock } from '../shared/clock.ts';
import { openDirectory } from './adapter/directory/open-directory.ts';
import { ReadThroughDirectory } from './adapter/directory/read-through-directory.ts';
import { JoseTokenVerifier } from './adapter/jose/jose-token-verifier.ts';
import { openStore, type Store } from './open-store.ts';
import type { Directory } from './port/directory.ts';
import type { Log } from './port/log.ts';
import type { TokenVerifier } from './port/token-verifier.ts';

/** What a node stands on: rooms, sessions and nodes, the keys of tokens, the Directory. */
export interface Ports extends Omit<Store, 'records'> {
  readonly clock: Clock;
  readonly verifier: TokenVerifier;
  readonly directory: Directory;
  /** Ends what they run, when nothing asks them any more. */
  readonly close: () => void;
}

export interface PortsOptions {
  readonly config: Config;
  readonly log: Log;
  readonly tokenKeys: LoadedTokenKeys;
  /** The Directory Service that runs in this process; needed where none is configured elsewhere. */
  readonly embeddedDirectory?: Transport;
  /** What time the node goes by. Default: the system's. */
  readonly clock?: Clock;
}

/** How long a room's log reaches back beyond the longest window and a node's lease, in milliseconds. */
const retentionSlackMs = 10_000;
/** Beyond its time a room's record is still good for this long while the Directory is away. */
const staleRecordMs = 24 * 3_600_000;
/** How long "there is no such room" is good without asking again. */
const notFoundTtlMs = 5_000;
/** How long a user's name and picture are good without asking again. */
const userTtlMs = 60_000;
/** Users that are remembered at most; those least recently asked for go first. */
const maxCachedUsers = 100_000;

/** Opens what the settings name. */
export function openPorts(options: PortsOptions): Ports {
  const { config, log, tokenKeys, embeddedDirectory, clock = systemClock } = options;
  const { windowMaxMs } = config.reconnection;
  const { records, ...store } = openStore({
    source: config.store,
    node: config.nodeId,
    presenceTtlMs: config.liveness.presenceTtlMs,
    clock,
    log,
    keepMs: keepMsOf(config),
    maxBytes: config.rooms.logMaxBytes,
    emptyGraceMs: config.rooms.emptyGraceMs,
    endedKeepMs: windowMaxMs,
  });
  const verifier = new JoseTokenVerifier({
    ...config.auth,
    keys: tokenKeys,
    maxReconnectionWindowMs: windowMaxMs,
    log,
    clock,
  });
  const { source, timeoutMs: deadlineMs } = config.directory;
  const opened = openDirectory({ source, deadlineMs, embedded: embeddedDirectory, log });
  const cached = () =>
    new ReadThroughDirectory({
      directory: opened.directory,
      cache: records,
      log,
      ttlMs: config.rooms.recordTtlMs,
      staleMs: staleRecordMs,
      notFoundTtlMs,
      userTtlMs,
      maxUsers: maxCachedUsers,
      clock,
    });
  // One in this process answers at once, and a change of its file holds for every room from then on.
  const directory = opened.isRemote ? cached() : opened.directory;
  const close = () => {
    store.close();
    opened.close();
  };
  return { ...store, clock, verifier, directory, close };
}

/** How long a room's log reaches back, in milliseconds. */
export function keepMsOf({ reconnection, nodeLeaseMs }: Config): number {
  return reconnection.windowMaxMs + nodeLeaseMs + retentionSlackMs;
}
