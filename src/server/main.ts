import type { AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import type { Transport } from '@connectrpc/connect';
import { IceServersSchema, LimitsSchema, LivenessSchema } from '../../gen/parley/signal/v1/session_pb.ts';
import type { Config } from '../process/config.ts';
import type { DevelopmentTokens } from '../process/development-tokens.ts';
import { listenProblem } from '../process/listen-problem.ts';
import { PrometheusMetrics } from '../process/prometheus-metrics.ts';
import type { TlsCertificate } from '../process/tls-certificate.ts';
import type { LoadedTokenKeys } from '../process/token-keys.ts';
import { watchTls } from '../process/watch-tls.ts';
import type { Clock } from '../shared/clock.ts';
import { maxRoomsPerSession, maxUnanswered } from '../shared/limits.ts';
import { RelayFeature } from './feature/relay/relay-feature.ts';
import { RoomFeature } from './feature/room/room-feature.ts';
import { SessionFeature } from './feature/session/session-feature.ts';
import { unimplementedHandlers } from './feature/unimplemented/unimplemented-feature.ts';
import { createHttpApi } from './http/http-api.ts';
import { OpenConnections } from './http/open-connections.ts';
import { NodeWatch } from './liveness/node-watch.ts';
import { Reaper } from './liveness/reaper.ts';
import { RoomLeaver } from './liveness/room-leaver.ts';
import { keepMsOf, openPorts, type Ports } from './open-ports.ts';
import type { Log } from './port/log.ts';
import { Dispatcher } from './session/dispatcher.ts';
import type { Handlers } from './session/handler.ts';
import { RateLimits, roomRate } from './session/rate-limits.ts';
import { SessionKeeper } from './session/session-keeper.ts';
import { Sessions } from './session/sessions.ts';
import { StreamFeed } from './session/stream-feed.ts';
import { StreamTails } from './session/stream-tail.ts';
import { WebSocketEndpoint } from './socket/websocket-server.ts';

export interface NodeOptions {
  readonly config: Config;
  readonly version: string;
  readonly log: Log;
  readonly tokenKeys: LoadedTokenKeys;
  /** The Directory Service that runs in this process; needed where none is configured elsewhere. */
  readonly embeddedDirectory?: Transport;
  /** Development only: gives tokens to whoever asks. */
  readonly developmentTokens?: DevelopmentTokens;
  /** What the files of TLS_CERT and TLS_KEY hold: it changes when they do. Absent: plain HTTP. */
  readonly tls?: TlsCertificate;
  /** The folder of the built pages. */
  readonly pagesFolder: string;
  /** What time the node goes by. Default: the system's. */
  readonly clock?: Clock;
  /** Gives the start up, where it is not done yet: it rejects with the signal's reason, and nothing is left running. */
  readonly signal?: AbortSignal;
  /** Gives what the node shall stand on, from what it would by its settings: the same, or others before them. */
  readonly ports?: (ports: Ports) => Ports;
}

/** A signaling node that serves clients. */
export interface SignalingNode {
  /** Where it listens: `http://host:port`. */
  readonly url: string;
  /** How long `drain` may take, in milliseconds; 0: it does nothing. */
  readonly drainTimeoutMs: number;
  /**
   * Refuses every upgrade from now on, closes at once what has not signed in, and has the clients move to other nodes by the
   * settings DRAIN_*. Resolves when none is left; `/readyz` answers 503 meanwhile. No effect where no other node has the state:
   * there is nowhere to go then, and nothing to come back to. Said again: the same drain.
   */
  drain(): Promise<void>;
  /**
   * Stops accepting, closes every connection, and ends what runs; by force after `deadlineMs`. HTTP requests in flight get a
   * second of that at most, connections without one are closed at once. The store is told which sessions may come back.
   */
  close(deadlineMs: number): Promise<void>;
}

/** A client is told of its successes within 50 ms; a timer may be late. */
const acknowledgeWithinMs = 44;
const maxBrokenFrames = 32;
const reapIntervalMs = 500;
/** How long HTTP requests in flight may go on while the node stops. */
const requestGraceMs = 1_000;

/**
 * Puts a node together from its parts and lets it listen. The only place that knows them all. Resolves when it serves clients. Where the store
 * can't be reached that may take long: meanwhile it listens, says that it lives and is not ready, and refuses upgrades.
 */
export async function startNode(options: NodeOptions): Promise<SignalingNode> {
  const opened = openPorts(options);
  const ports = options.ports?.(opened) ?? opened;
  const inside = makeInside(options, ports);
  let isStarted = false;
  let draining: Promise<void> | undefined;
  const phase = { isStarted: () => isStarted, isDraining: () => draining !== undefined };
  const { sockets, http, connections } = makeWaysIn(options, ports, inside, phase);
  inside.sessions.start();
  const tlsWatch = watchTls({ ...options, server: http.server, clock: ports.clock });
  const end = () => {
    tlsWatch?.stop();
    inside.sessions.stop();
    inside.reaper.stop();
    inside.nodeWatch.stop();
    inside.dispatcher.stop();
    ports.close();
  };
  const { listen, drain } = options.config;
  const giveUp = () => inside.nodeWatch.stop();
  options.signal?.addEventListener('abort', giveUp);
  try {
    await http.listen({ port: listen.port, host: listen.host });
    await inside.nodeWatch.start();
    options.signal?.throwIfAborted();
  } catch (error) {
    const closed = http.close();
    connections.destroyAll();
    await closed;
    end();
    throw listenProblem(error, listen) ?? error;
  } finally {
    options.signal?.removeEventListener('abort', giveUp);
  }
  inside.reaper.start();
  isStarted = true;
  sockets.startAccepting();
  const { port } = http.server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    drainTimeoutMs: ports.isShared ? drain.timeoutMs : 0,
    async drain() {
      if (!ports.isShared) return;
      sockets.stopAccepting();
      inside.nodeWatch.stopTakingOver();
      draining ??= inside.sessions.drain(drain);
      await draining;
    },
    async close(deadlineMs) {
      inside.nodeWatch.stopTakingOver();
      // Takes no new connections, and closes those between two requests.
      const closed = http.close();
      connections.destroySilent();
      const graceMs = Math.min(requestGraceMs, deadlineMs / 2);
      const cancelRequests = ports.clock.after(graceMs, () => http.server.closeAllConnections());
      await sockets.close(deadlineMs - graceMs);
      const cancelRest = ports.clock.after(graceMs, () => connections.destroyAll());
      await Promise.all([closed, inside.sessions.settled(graceMs)]);
      cancelRequests();
      cancelRest();
      end();
    },
  };
}

type Inside = ReturnType<typeof makeInside>;

/** Sessions, what their frames do, and the end of those that do not come back. */
function makeInside({ config, log, version }: NodeOptions, ports: Ports) {
  const { clock, roomLog, store, leases, presence, status, verifier } = ports;
  const metrics = new PrometheusMetrics();
  metrics.watchRedis(status.refusals);
  const { limits, rooms: kept } = config;
  const tails = new StreamTails({ log: roomLog, clock, logger: log });
  const leaver = new RoomLeaver(roomLog, store, log);
  const keeper = new SessionKeeper(store);
  const rooms = new RoomFeature({
    ...ports,
    tails,
    keeper,
    makeFeed: (feed) => new StreamFeed(feed),
    // Who renews three times in a lease has noticed a loss by then, and put back what is its own.
    settleMs: config.nodeLeaseMs,
  });
  const handlers = {
    ...unimplementedHandlers,
    ...rooms.handlers,
    ...new RelayFeature(roomLog, rooms, clock, metrics).handlers,
    ...new SessionFeature(() => sessions, verifier, presence).handlers,
  } satisfies Handlers;
  const sessions: Sessions = new Sessions({
    store,
    status,
    rooms,
    keeper,
    ender: leaver,
    clock,
    log,
    metrics,
    node: config.nodeId,
    serverVersion: version,
    features: ['rooms', 'relay'],
    ...told(config),
    outboundLimits: config.outbound,
    rateLimits: new RateLimits({
      connection: limits.connectionRate,
      room: roomRate(kept.logMaxBytes, keepMsOf(config), limits.roomBytesPerSecond),
    }),
    acknowledgeWithinMs,
    maxBrokenFrames,
    reconnectionWindowMs: config.reconnection.windowMs,
    maxReconnectionWindowMs: config.reconnection.windowMaxMs,
    tokenWarningMs: config.auth.tokenWarningMs,
  });
  const { maxFrameBytes, requestTimeoutMs } = limits;
  const dispatcher = new Dispatcher({ handlers, maxFrameBytes, requestTimeoutMs, clock, metrics });
  const reaper = new Reaper({
    store,
    status,
    node: config.nodeId,
    leaver,
    clock,
    log,
    intervalMs: reapIntervalMs,
    graceMs: config.reconnection.windowMs,
  });
  const nodeWatch = new NodeWatch({
    leases,
    store,
    node: config.nodeId,
    clock,
    log,
    leaseMs: config.nodeLeaseMs,
    onPaused: () => sessions.sendAway(),
    onLoss: () => sessions.lookForLosses(),
    onCutOff: () => sessions.lookForTaken(),
  });
  return { sessions, dispatcher, reaper, nodeWatch, tails, metrics };
}

/** What every welcome tells of the configuration. */
function told({ limits, liveness, iceServers }: Config) {
  return {
    limits: create(LimitsSchema, {
      maxFrameBytes: limits.maxFrameBytes,
      maxUnanswered,
      maxRooms: maxRoomsPerSession,
    }),
    liveness: create(LivenessSchema, liveness),
    iceServers: create(IceServersSchema, {
      servers: iceServers.map(({ urls, username = '', credential = '' }) => ({
        urls: [...urls],
        username,
        credential,
      })),
    }),
  };
}

interface Phase {
  readonly isStarted: () => boolean;
  readonly isDraining: () => boolean;
}

/** Where clients and operators come in: WebSockets and HTTP, on one port. */
function makeWaysIn(options: NodeOptions, ports: Ports, inside: Inside, { isStarted, isDraining }: Phase) {
  const { sessions, dispatcher, tails, metrics } = inside;
  const { config, log, version, pagesFolder, developmentTokens, tls } = options;
  const { roomLog, status, verifier, clock } = ports;
  const sockets = new WebSocketEndpoint({
    verifier,
    sessions,
    dispatcher,
    clock,
    log,
    metrics,
    clientUrls: config.clientUrls,
    tokenInQuery: config.auth.tokenInQuery,
    signInTimeoutMs: config.auth.signInTimeoutMs,
    maxFrameBytes: config.limits.maxFrameBytes,
    trustProxy: config.listen.trustProxy,
    connections: config.limits.connections,
    signIns: config.limits.signIns,
    ...config.liveness,
  });
  metrics.watch([
    { name: 'ws_connections_gauge', help: 'Open WebSockets.', value: () => sockets.size },
    {
      name: 'waiting_connections_gauge',
      help: 'Connections that wait for their turn: to be read, or to become WebSockets.',
      value: () => sockets.waiting,
    },
    {
      name: 'room_members_gauge',
      help: 'Members of rooms with a connection to this node.',
      value: () => sessions.memberships,
    },
    {
      name: 'online_users_gauge',
      help: 'Users with a connection to this node.',
      value: () => sessions.users,
    },
    { name: 'followed_rooms_gauge', help: 'Rooms that somebody here is in.', value: () => tails.size },
  ]);
  const http = createHttpApi({
    roomLog,
    verifier,
    clock,
    log,
    clientUrls: config.clientUrls,
    nodeId: config.nodeId,
    version,
    metrics,
    metricsAccess: metricsAccess(config),
    isDraining,
    partModes: () => ({ store: config.store.kind, directory: config.directory.source.kind, media: 'none' }),
    unready: () => [
      ...(isStarted() ? [] : (['starting'] as const)),
      ...(status.isAvailable ? [] : (['store'] as const)),
      ...(isDraining() ? (['draining'] as const) : []),
    ],
    pagesFolder,
    ...(developmentTokens && { developmentTokens }),
    ...(tls && { tls: { cert: tls.cert, key: tls.key } }),
    trustProxy: config.listen.trustProxy,
    handshakeTimeoutMs: config.limits.handshakeTimeoutMs,
  });
  sockets.attach(http.server);
  return { sockets, http, connections: new OpenConnections(http) };
}

/** In production metrics are for those who are told a secret. */
function metricsAccess({ environment, metricsToken }: Config) {
  const isOpen = environment !== 'production' && metricsToken === undefined;
  return isOpen ? ('anyone' as const) : { token: metricsToken };
}
