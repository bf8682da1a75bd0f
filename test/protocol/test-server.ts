import { createRouterTransport } from '@connectrpc/connect';
import type { DestinationStream } from 'pino';
import { onTestFinished } from 'vitest';
import { readConfig } from '../../src/process/config.ts';
import { createLog } from '../../src/process/pino-log.ts';
import { loadTlsCertificate } from '../../src/process/tls-certificate.ts';
import type { SessionTokenRequest, TokenIssuer } from '../../src/process/token-issuer.ts';
import type { LoadedTokenKeys } from '../../src/process/token-keys.ts';
import { MemoryRoomLog } from '../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../src/server/adapter/memory/memory-session-store.ts';
import { startNode } from '../../src/server/main.ts';
import type { Ports } from '../../src/server/open-ports.ts';
import { directoryRoutes } from '../../src/services/directory/directory-service.ts';
import type { DirectorySource } from '../../src/services/directory/directory-source.ts';
import { OpenPolicy } from '../../src/services/directory/open-policy.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { Nodes } from '../chaos/nodes/nodes.ts';
import { UnsteadyRoomLog } from '../contract/unsteady-room-log.ts';
import { RedisServer, type RedisServerOptions } from '../redis/redis-server.ts';
import { RecordingIssuer } from '../reporter/recording-issuer.ts';
import { recordLogLine } from '../reporter/run-record.ts';
import { CountingClock } from './counting-clock.ts';
import { leftOfClients, settled } from './left-over.ts';

export type { DirectorySource };

const secret = 'a secret of the tests, at least 32 bytes long';
const metricsToken = 'metrics-token-of-the-tests-in-production';
/** How long a server may take to be done with clients that are gone, and then with itself. */
const settlesWithinMs = 2_000;
/** Set: every server's log is unsteady. */
const seedOfAll = process.env['UNSTEADY_ROOM_LOG_SEED'];
/** Every server that shares nothing has a Redis of its own. */
const isOnRedis = process.env['TEST_STORE'] === 'redis';

export interface TestServerOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: DirectorySource;
  /** What tokens are checked with. Default: the secret that `token` signs with. */
  readonly tokenKeys?: LoadedTokenKeys;
  /** The node's log is an `UnsteadyRoomLog` by this seed. Default: UNSTEADY_ROOM_LOG_SEED of the environment, if that is set. */
  readonly unsteadySeed?: number;
  /** What it shares with other nodes. Default: nothing. */
  readonly state?: SharedState;
}

/** The rooms and sessions of several nodes, which act as one by them. */
export type SharedState = Pick<Ports, 'roomLog' | 'store' | 'isShared'>;

/** In the memory of this process. `end` is for when its nodes are closed. */
export function sharedState(): { readonly state: SharedState; readonly end: () => void } {
  const keepMs = 60_000;
  const [maxBytes, emptyGraceMs] = [8_388_608, 1_000];
  const roomLog = new MemoryRoomLog({ clock: systemClock, keepMs, maxBytes, emptyGraceMs });
  const store = new MemorySessionStore({ clock: systemClock, endedKeepMs: keepMs });
  return { state: { roomLog, store, isShared: true }, end: () => roomLog.close() };
}

/** A node as `npm start` makes it, in this process, on a port of its own. */
export interface TestServer {
  readonly url: string;
  /** Where WebSockets go. */
  readonly wsUrl: string;
  readonly issuer: TokenIssuer;
  /** The lines of the log so far, parsed. */
  readonly logLines: Readonly<Record<string, unknown>>[];
  /** How often its log was cut off, where that is unsteady. */
  readonly logCuts: number;
  /** A session token that holds for an hour. */
  token(userId: string, more?: Partial<SessionTokenRequest>): Promise<string>;
  /** Has its clients move elsewhere. */
  drain(): Promise<void>;
  /** Rejects where something of its clients is left, or of its own timers: whatever a test opened, it closes before. */
  close(): Promise<void>;
}

/** Nodes that act as one, by a Redis of their own. Closed with the test. */
export async function startNodesOnRedis(
  count: number,
  options: TestServerOptions = {},
  redisOptions: RedisServerOptions = {},
): Promise<{ readonly nodes: readonly TestServer[]; readonly redis: RedisServer }> {
  const redis = await RedisServer.start(redisOptions);
  onTestFinished(() => redis.stop());
  const nodes: TestServer[] = [];
  for (let number = 1; number <= count; number++) {
    const env = { REDIS_URL: redis.url, NODE_ID: `node-${number}`, ...options.env };
    const node = await startTestServer({ ...options, env });
    onTestFinished(() => node.close());
    nodes.push(node);
  }
  return { nodes, redis };
}

/**
 * Nodes that act as one, by a Redis of their own, each as a process that can be killed: `node-0` and so on. They run in production,
 * and know these rooms. Ended with the test.
 */
export async function startNodeProcesses(
  count: number,
  { rooms, env }: { readonly rooms: readonly string[]; readonly env: Readonly<Record<string, string>> },
): Promise<{ readonly nodes: Nodes; readonly redis: RedisServer }> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const nodes = await Nodes.start({
    count,
    rooms,
    env: { ...env, REDIS_URL: redis.url },
    onLoss: () => undefined,
  });
  onTestFinished(() => nodes.stop());
  return { nodes, redis };
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  if (isOnRedis && options.state === undefined && options.env?.['REDIS_URL'] === undefined) {
    const redis = await RedisServer.start();
    const server = await startTestServer({ ...options, env: { ...options.env, REDIS_URL: redis.url } });
    return {
      ...server,
      async close() {
        await server.close().finally(() => redis.stop());
      },
    };
  }
  const config = readConfig({
    NODE_ENV: 'test',
    PORT: '0',
    HOST: '127.0.0.1',
    JWT_SECRET: secret,
    LOG_LEVEL: 'debug',
    ...(options.env?.['NODE_ENV'] === 'production' && { METRICS_TOKEN: metricsToken }),
    RECONNECTION_WINDOW_MS: '300',
    ...options.env,
  });
  const logLines: Readonly<Record<string, unknown>>[] = [];
  const destination: DestinationStream = {
    write(line) {
      logLines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
      recordLogLine(line);
    },
  };
  const { tls } = config.listen;
  const source = options.directory ?? new OpenPolicy({ production: false });
  const clock = new CountingClock();
  const { unsteadySeed = seedOfAll === undefined ? undefined : Number(seedOfAll) } = options;
  let unsteadyLog: UnsteadyRoomLog | undefined;
  const node = await startNode({
    config,
    clock,
    ports(opened) {
      const ports = { ...opened, ...options.state };
      if (unsteadySeed === undefined) return ports;
      unsteadyLog = new UnsteadyRoomLog(ports.roomLog, unsteadySeed);
      return { ...ports, roomLog: unsteadyLog };
    },
    version: '0.0.0-test',
    log: await createLog({ ...config.log, destination }),
    tokenKeys: options.tokenKeys ?? { kind: 'secret', secret },
    ...(tls && { tls: await loadTlsCertificate(tls) }),
    embeddedDirectory: createRouterTransport(directoryRoutes(source)),
    pagesFolder: '/nonexistent',
  });
  const issuer = new RecordingIssuer({ secret });
  return {
    url: node.url,
    wsUrl: `${node.url.replace('http', 'ws')}/ws`,
    issuer,
    logLines,
    get logCuts() {
      return unsteadyLog?.cuts ?? 0;
    },
    token: (userId, more = {}) => issuer.sessionToken({ userId, expiresInS: 3600, ...more }),
    drain: () => node.drain(),
    async close() {
      const left = await leftOfClients(node.url, metricsToken, settlesWithinMs);
      await node.close(1_000);
      const timers = () => (clock.pending === 0 ? [] : [`${clock.pending} timers`]);
      const all = [...left, ...(await settled(timers, settlesWithinMs))];
      if (all.length > 0) throw new Error(`the server was left with ${all.join(', ')}`);
    },
  };
}
