import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import fastify, { type FastifyInstance } from 'fastify';
import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { RoomLog } from '../port/room-log.ts';
import type { TokenVerifier } from '../port/token-verifier.ts';
import { addDevelopmentTokenRoute, type DevelopmentTokens } from './development-token-route.ts';
import { addHealthRoute, type PartModes } from './health-route.ts';
import { addErrorReplies, answerClientError, replyWithError } from './http-error.ts';
import { addMetricsRoute, type MetricsRouteOptions, type MetricsText } from './metrics-route.ts';
import { addPages } from './pages.ts';
import { addProbeRoutes, type ProbeRoutesOptions } from './probe-routes.ts';
import { addRoomRoutes } from './room-routes.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { endStalledBodies } from './stalled-bodies.ts';

export interface HttpApiOptions {
  readonly roomLog: RoomLog;
  readonly verifier: TokenVerifier;
  readonly clock: Clock;
  readonly log: Log;
  /** The server's version, and the name of this node. */
  readonly version: string;
  readonly nodeId: string;
  /** How each part runs at the moment, for `/health`. */
  readonly partModes: () => PartModes;
  /** Why it can't serve clients for the moment, for `/readyz`. */
  readonly unready: ProbeRoutesOptions['unready'];
  /** Whether the node sends its clients elsewhere. */
  readonly isDraining: () => boolean;
  readonly metrics: MetricsText;
  /** Who may read the metrics. */
  readonly metricsAccess: MetricsRouteOptions['metricsAccess'];
  /** The origins whose pages may call with credentials. `*` is refused. */
  readonly clientUrls: readonly string[];
  /** The folder of the built pages, an absolute path. It need not exist. */
  readonly pagesFolder?: string;
  /** Gives tokens to whoever asks: never in production. */
  readonly developmentTokens?: DevelopmentTokens;
  /** Certificate chain and key in PEM: it then speaks HTTPS and wss. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Whose `X-Forwarded-For` is believed: everyone's, nobody's, or those of these addresses and networks. */
  readonly trustProxy: boolean | readonly string[];
  /** How long a client may take for TLS, and then until its headers are there, in milliseconds; at most 15,000. */
  readonly handshakeTimeoutMs: number;
}

/** Longest time that a client may take to send a request, headers and body each, in milliseconds. */
const requestTimeoutMs = 15_000;
const maxBodyBytes = 16_384;
/** Longest id, with each of its characters escaped. */
const maxParamLength = 128 * 3;

/**
 * The REST side of a node: health, rooms, development tokens and the pages. It listens when told to. WebSocket
 * upgrades belong to whoever listens for them on its `server`.
 *
 * @throws SignalError INVALID_ARGUMENT where `*` is among the origins.
 */
export function createHttpApi(options: HttpApiOptions): FastifyInstance {
  if (options.clientUrls.includes('*')) {
    throw new SignalError(
      ErrorCode.INVALID_ARGUMENT,
      'with credentials every origin has to be named: * is not possible',
    );
  }
  const { handshakeTimeoutMs } = options;
  const handshake = {
    headersTimeout: handshakeTimeoutMs,
    // Looked at so often; Node's own 30 s would let each of them last that much longer.
    connectionsCheckingInterval: handshakeTimeoutMs / 4,
  };
  // For a server without TLS; with it, they stand in `https`. Its types take either name, not both.
  const plain = { http: handshake };
  const app = fastify({
    ...plain,
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    https: options.tls ? { ...options.tls, ...handshake, handshakeTimeout: handshakeTimeoutMs } : null,
    trustProxy: typeof options.trustProxy === 'boolean' ? options.trustProxy : [...options.trustProxy],
    routerOptions: { maxParamLength },
    // What is under way while the server stops is still answered.
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, _request, reply) => replyWithError(options.log, error, reply),
  });
  endStalledBodies(app, options.clock, requestTimeoutMs);
  app.register(cors, {
    origin: [...options.clientUrls],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'traceparent'],
    maxAge: 600,
  });
  app.register(cookie);
  addSecurityHeaders(app);
  addErrorReplies(app, options.log);
  addHealthRoute(app, options);
  addProbeRoutes(app, options);
  addMetricsRoute(app, options);
  addRoomRoutes(app, options);
  if (options.developmentTokens !== undefined) addDevelopmentTokenRoute(app, options.developmentTokens);
  if (options.pagesFolder !== undefined) addPages(app, options.pagesFolder);
  return app;
}
