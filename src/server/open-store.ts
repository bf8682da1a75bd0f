import type { StoreSource } from '../process/config.ts';
import type { Clock } from '../shared/clock.ts';
import { MemoryNodeLeases } from './adapter/memory/memory-node-leases.ts';
import { MemoryRoomLog } from './adapter/memory/memory-room-log.ts';
import { MemoryRoomRecordCache } from './adapter/memory/memory-room-record-cache.ts';
import { MemorySessionStore } from './adapter/memory/memory-session-store.ts';
import { RedisClient } from './adapter/redis/client/redis-client.ts';
import { RedisNodeLeases } from './adapter/redis/redis-node-leases.ts';
import { RedisPresenceView } from './adapter/redis/redis-presence-view.ts';
import { RedisRoomRecordCache } from './adapter/redis/redis-room-record-cache.ts';
import { RedisStoreStatus } from './adapter/redis/redis-store-status.ts';
import { RedisSessionStore } from './adapter/redis/session/redis-session-store.ts';
import { RedisRoomLog } from './adapter/redis/stream/redis-room-log.ts';
import type { Log } from './port/log.ts';
import type { NodeLeases } from './port/node-leases.ts';
import type { PresenceView } from './port/presence-view.ts';
import type { RoomLog } from './port/room-log.ts';
import type { RoomRecordCache } from './port/room-record-cache.ts';
import type { SessionStore } from './port/session-store.ts';
import type { StoreStatus } from './port/store-status.ts';

export interface StoreOptions {
  readonly source: StoreSource;
  /** This node's name. */
  readonly node: string;
  /** How long presence holds without being renewed, in milliseconds. */
  readonly presenceTtlMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** How long the log of a room reaches back, in milliseconds. */
  readonly keepMs: number;
  /** How many bytes of events the log of a room keeps. */
  readonly maxBytes: number;
  readonly emptyGraceMs: number;
  /** How long the end of a session is told, in milliseconds. */
  readonly endedKeepMs: number;
}

/** Where rooms, sessions and nodes are kept. */
export interface Store {
  readonly roomLog: RoomLog;
  readonly store: SessionStore;
  readonly leases: NodeLeases;
  readonly records: RoomRecordCache;
  readonly presence: PresenceView;
  readonly status: StoreStatus;
  /** Whether other nodes stand on it too, so that clients can move to them. */
  readonly isShared: boolean;
  readonly close: () => void;
}

/** Rooms that a node remembers at most for itself; those least recently asked for go first. */
const maxCachedRecords = 100_000;
/** A call is tried for so many times as long as Redis may answer nothing. */
const timeoutsInCall = 2;

export function openStore(options: StoreOptions): Store {
  return options.source.kind === 'memory' ? memoryStore(options) : redisStore(options, options.source);
}

function memoryStore({ clock, keepMs, maxBytes, emptyGraceMs, endedKeepMs }: StoreOptions): Store {
  const roomLog = new MemoryRoomLog({ clock, keepMs, maxBytes, emptyGraceMs });
  return {
    roomLog,
    store: new MemorySessionStore({ clock, endedKeepMs }),
    leases: new MemoryNodeLeases(),
    records: new MemoryRoomRecordCache({ clock, maxRecords: maxCachedRecords }),
    presence: { renew: () => undefined },
    status: { isAvailable: true, refusals: new Map(), watch: () => ({ close: () => undefined }) },
    isShared: false,
    close: () => roomLog.close(),
  };
}

function redisStore(
  { node, presenceTtlMs, clock, log, keepMs, maxBytes, emptyGraceMs, endedKeepMs }: StoreOptions,
  { place, access, timeoutMs: deadlineMs, ack }: StoreSource & { readonly kind: 'redis' },
): Store {
  const callTimeoutMs = timeoutsInCall * deadlineMs;
  const redis = new RedisClient({ place, access, clock, log, deadlineMs, callTimeoutMs });
  const status = new RedisStoreStatus({ reached: redis, clock, log });
  const roomLog = new RedisRoomLog({
    redis,
    clock,
    node,
    keepMs,
    maxBytes,
    emptyGraceMs,
    commitTimeoutMs: callTimeoutMs,
    ack,
  });
  return {
    roomLog,
    store: new RedisSessionStore({ redis, endedKeepMs }),
    leases: new RedisNodeLeases(redis, status),
    records: new RedisRoomRecordCache(redis),
    presence: new RedisPresenceView({ redis, node, ttlMs: presenceTtlMs }),
    status,
    isShared: true,
    close: () => {
      roomLog.close();
      redis.close();
    },
  };
}
