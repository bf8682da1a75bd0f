import { randomBytes } from 'node:crypto';
import { ConfigError } from './config-error.ts';
import { relationProblems } from './relation-problems.ts';
import type { PublicKeySource } from './setting-forms.ts';
import { type Environment, parseSettings, type SettingValues, settingNames } from './settings.ts';

/** Where the keys come from that tokens are checked with. */
export type TokenKeySource =
  | PublicKeySource
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'jwks'; readonly url: string }
  /** The secret that development makes for itself, in the data folder. */
  | { readonly kind: 'development' };

/** Who knows of rooms and people. */
export type DirectorySource =
  /** Nobody: every room is open. Never in production. */
  | { readonly kind: 'open' }
  /** A DirectoryService over Connect. */
  | { readonly kind: 'connect'; readonly url: string }
  /** A plain `GET /internal/rooms/:id`. */
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'file'; readonly path: string };

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Who asks Redis, and how. */
interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  readonly database: number;
}

/** Where rooms and sessions are kept. */
export type StoreSource =
  /** In this process, and gone with it. */
  | { readonly kind: 'memory' }
  | {
      readonly kind: 'redis';
      readonly place:
        | { readonly kind: 'server'; readonly address: Address }
        | {
            readonly kind: 'sentinels';
            readonly sentinels: readonly Address[];
            readonly name: string;
            readonly access: RedisAccess;
          }
        | { readonly kind: 'cluster'; readonly nodes: readonly Address[] };
      readonly access: RedisAccess;
      /** How long Redis may answer nothing while it is asked something, in milliseconds. */
      readonly timeoutMs: number;
      /** When a commit counts as done. */
      readonly ack: 'memory' | 'replica';
    };

/** What the process was told. `docs/settings.md` has the settings, their defaults and bounds. */
export interface Config {
  readonly environment: 'development' | 'production' | 'test';
  readonly nodeId: string;
  /** How long a node may be silent before the others take it for dead. */
  readonly nodeLeaseMs: number;
  readonly dataDir: string;
  /** How long stopping may take. */
  readonly stopTimeoutMs: number;
  /** How clients move to other nodes before that: how many a second, and how long all of them may take. */
  readonly drain: { readonly clientsPerSecond: number; readonly timeoutMs: number };
  readonly listen: {
    /** 0: the system picks one. */
    readonly port: number;
    readonly host: string;
    readonly tls?: {
      readonly certFile: string;
      readonly keyFile: string;
      /** How often the files are looked at for a change. */
      readonly reloadIntervalMs: number;
    };
    /** Whose forwarded addresses are believed: everyone's, nobody's, or those of these addresses and networks. */
    readonly trustProxy: boolean | readonly string[];
  };
  /** The origins that browsers may come from. */
  readonly clientUrls: readonly string[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'json' | 'pretty';
    /** The key that user ids are hashed with. Absent: one for the life of the process. */
    readonly hashKey?: string;
  };
  /** Who brings it may read the metrics. Absent: in production who may operate, else anyone. */
  readonly metricsToken?: string;
  readonly auth: {
    readonly keys: TokenKeySource;
    /** Absent: the one of the key's type. */
    readonly algorithms?: readonly string[];
    /** Absent: any. */
    readonly issuer?: string;
    /** Absent: any. */
    readonly audience?: string;
    readonly userIdClaim: string;
    readonly clockSkewS: number;
    readonly tokenInQuery: boolean;
    readonly signInTimeoutMs: number;
    /** How long before its token expires a client is told of it; half of what is left where that is less. */
    readonly tokenWarningMs: number;
  };
  readonly liveness: {
    readonly pingIntervalMs: number;
    readonly pingTimeoutMs: number;
    readonly heartbeatIntervalMs: number;
    readonly presenceTtlMs: number;
  };
  readonly reconnection: { readonly windowMs: number; readonly windowMaxMs: number };
  readonly limits: {
    readonly maxFrameBytes: number;
    /** How long a request may take. */
    readonly requestTimeoutMs: number;
    /** What a connection may send, in tokens. */
    readonly connectionRate: { readonly perSecond: number; readonly burst: number };
    /** What a room may send, in bytes a second. Absent: what its log can keep. */
    readonly roomBytesPerSecond?: number;
    /** How many connections may be open. */
    readonly connections: {
      readonly inAll: number;
      readonly perAddress: number;
      readonly perUser: number;
      readonly unsigned: number;
    };
    /** How long TLS and the headers of a request may take, each. */
    readonly handshakeTimeoutMs: number;
    /** How many sign-ins run at once, and how many may wait beside them. */
    readonly signIns: { readonly atOnce: number; readonly waiting: number };
  };
  /** What may wait to be sent on a connection: before its streams are read from their logs, and at most. */
  readonly outbound: { readonly budgetBytes: number; readonly maxBytes: number };
  readonly rooms: {
    /** How long an empty room is kept. */
    readonly emptyGraceMs: number;
    /** How many bytes of events a room's log keeps. */
    readonly logMaxBytes: number;
    /** How long a room's record is good without asking the Directory again. */
    readonly recordTtlMs: number;
  };
  readonly store: StoreSource;
  readonly directory: { readonly source: DirectorySource; readonly timeoutMs: number };
  readonly iceServers: readonly IceServerConfig[];
}

/** One STUN or TURN server (W3C WebRTC, RTCIceServer). */
export interface IceServerConfig {
  readonly urls: readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** What the process knows of itself beside its environment. */
export interface Surroundings {
  /** Whether the log goes to a terminal. Default: false. */
  readonly isTerminal?: boolean;
  /** 8 random characters for a node without a name. */
  readonly randomName?: () => string;
}

/** Reads the settings. Throws one `ConfigError` with all that is wrong. The only home of defaults. */
export function readConfig(env: Environment, surroundings: Surroundings = {}): Config {
  const { values, problems } = parseSettings(env, settingNames);
  problems.push(...relationProblems(values, new Set(problems.map(({ name }) => name))));
  if (problems.length > 0) throw new ConfigError(problems);
  return toConfig(values as SettingValues, surroundings);
}

function toConfig(values: SettingValues, surroundings: Surroundings): Config {
  const { TLS_CERT: certFile, TLS_KEY: keyFile, TLS_RELOAD_INTERVAL_MS: reloadIntervalMs } = values;
  const randomName = surroundings.randomName ?? (() => randomBytes(4).toString('hex'));
  const isPretty = values.NODE_ENV === 'development' && surroundings.isTerminal === true;
  return {
    environment: values.NODE_ENV,
    nodeId: values.NODE_ID ?? `node-${randomName()}`,
    nodeLeaseMs: values.NODE_LEASE_MS,
    dataDir: values.DATA_DIR,
    stopTimeoutMs: values.STOP_TIMEOUT_MS,
    drain: { clientsPerSecond: values.DRAIN_CLIENTS_PER_SECOND, timeoutMs: values.DRAIN_TIMEOUT_MS },
    listen: {
      port: values.PORT,
      host: values.HOST,
      ...(certFile !== undefined &&
        keyFile !== undefined && { tls: { certFile, keyFile, reloadIntervalMs } }),
      trustProxy: values.TRUST_PROXY,
    },
    clientUrls: values.CLIENT_URL,
    log: {
      level: values.LOG_LEVEL,
      format: values.LOG_FORMAT ?? (isPretty ? 'pretty' : 'json'),
      ...(values.LOG_HASH_KEY !== undefined && { hashKey: values.LOG_HASH_KEY }),
    },
    ...(values.METRICS_TOKEN !== undefined && { metricsToken: values.METRICS_TOKEN }),
    auth: {
      keys: toKeySource(values),
      ...(values.JWT_ALGORITHMS !== undefined && { algorithms: values.JWT_ALGORITHMS }),
      ...(values.JWT_ISSUER !== undefined && { issuer: values.JWT_ISSUER }),
      ...(values.JWT_AUDIENCE !== undefined && { audience: values.JWT_AUDIENCE }),
      userIdClaim: values.JWT_USER_ID_CLAIM,
      clockSkewS: values.JWT_CLOCK_SKEW_S,
      tokenInQuery: values.TOKEN_IN_QUERY,
      signInTimeoutMs: values.SIGN_IN_TIMEOUT_MS,
      tokenWarningMs: values.TOKEN_WARNING_MS,
    },
    liveness: {
      pingIntervalMs: values.PING_INTERVAL_MS,
      pingTimeoutMs: values.PING_TIMEOUT_MS,
      heartbeatIntervalMs: values.HEARTBEAT_INTERVAL_MS,
      presenceTtlMs: values.PRESENCE_TTL_MS,
    },
    reconnection: { windowMs: values.RECONNECTION_WINDOW_MS, windowMaxMs: values.RECONNECTION_WINDOW_MAX_MS },
    limits: {
      maxFrameBytes: values.MAX_FRAME_BYTES,
      requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
      connectionRate: { perSecond: values.CONNECTION_RATE, burst: values.CONNECTION_BURST },
      ...(values.ROOM_RATE_BYTES !== undefined && { roomBytesPerSecond: values.ROOM_RATE_BYTES }),
      connections: {
        inAll: values.MAX_CONNECTIONS,
        perAddress: values.MAX_CONNECTIONS_PER_ADDRESS,
        perUser: values.MAX_CONNECTIONS_PER_USER,
        unsigned: values.MAX_UNSIGNED_CONNECTIONS,
      },
      handshakeTimeoutMs: values.HANDSHAKE_TIMEOUT_MS,
      signIns: { atOnce: values.SIGN_INS_AT_ONCE, waiting: values.SIGN_INS_WAITING },
    },
    outbound: { budgetBytes: values.SEND_BUDGET_BYTES, maxBytes: values.SEND_MAX_BYTES },
    rooms: {
      emptyGraceMs: values.ROOM_EMPTY_GRACE_MS,
      logMaxBytes: values.ROOM_LOG_MAX_BYTES,
      recordTtlMs: values.ROOM_CACHE_TTL_MS,
    },
    store: toStoreSource(values),
    directory: { source: toDirectorySource(values), timeoutMs: values.DIRECTORY_TIMEOUT_MS },
    iceServers: values.ICE_SERVERS,
  };
}

function toKeySource(values: SettingValues): TokenKeySource {
  if (values.JWT_SECRET !== undefined) return { kind: 'secret', secret: values.JWT_SECRET };
  if (values.JWT_JWKS_URL !== undefined) return { kind: 'jwks', url: values.JWT_JWKS_URL };
  return values.JWT_PUBLIC_KEY ?? { kind: 'development' };
}

function toStoreSource(values: SettingValues): StoreSource {
  const [url] = values.REDIS_URL ?? [];
  if (values.REDIS_URL === undefined || url === undefined) return { kind: 'memory' };
  const { host, port, ...access } = url;
  const { REDIS_SENTINELS: sentinels, REDIS_SENTINEL_NAME: name, REDIS_SENTINEL_PASSWORD: password } = values;
  const place = () => {
    if (sentinels !== undefined) {
      const toSentinels = { tls: access.tls, database: 0, ...(password !== undefined && { password }) };
      return { kind: 'sentinels', sentinels, name, access: toSentinels } as const;
    }
    const nodes = (values.REDIS_URL ?? []).map((node) => ({ host: node.host, port: node.port }));
    return values.REDIS_CLUSTER
      ? ({ kind: 'cluster', nodes } as const)
      : ({ kind: 'server', address: { host, port } } as const);
  };
  const { REDIS_TIMEOUT_MS: timeoutMs, REDIS_ACK: ack } = values;
  return { kind: 'redis', place: place(), access, timeoutMs, ack };
}

function toDirectorySource(values: SettingValues): DirectorySource {
  if (values.DIRECTORY_URL !== undefined) return { kind: 'connect', url: values.DIRECTORY_URL };
  if (values.DIRECTORY_HTTP_URL !== undefined) return { kind: 'http', url: values.DIRECTORY_HTTP_URL };
  if (values.DIRECTORY_FILE !== undefined) return { kind: 'file', path: values.DIRECTORY_FILE };
  return { kind: 'open' };
}
