import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { isId, isUuid } from '../../shared/ids.ts';
import { jsonSubprotocol, protoSubprotocol } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { type Codec, codecFor } from '../frame/codec.ts';
import type { Log } from '../port/log.ts';
import type { Metrics } from '../port/metrics.ts';
import type { TokenVerifier } from '../port/token-verifier.ts';
import type { Dispatcher } from '../session/dispatcher.ts';
import type { SignIn } from '../session/session-desk.ts';
import type { Sessions } from '../session/sessions.ts';
import { ClientAddresses, type TrustProxy } from './client-address.ts';
import { Connection } from './connection.ts';
import { type ConnectionLimits, ConnectionPlaces, type Place } from './connection-places.ts';
import { originAllowed, tokenOf } from './credentials.ts';
import { letInAtPace } from './front-door.ts';
import { Keepalive } from './keepalive.ts';
import { NewcomerPace } from './newcomer-pace.ts';
import { boundRawSockets } from './raw-sockets.ts';
import { RefusalLog } from './refusal-log.ts';
import { ReturnTimes } from './return-times.ts';
import { SignInLine } from './sign-in-line.ts';
import { refuseUpgrade, type UpgradeRefusal } from './upgrade-refusal.ts';
import { UserSeats } from './user-seats.ts';
import { WebSocketWire, writeAll } from './websocket-wire.ts';

export interface WebSocketEndpointOptions {
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clientUrls: readonly string[];
  readonly tokenInQuery: boolean;
  readonly signInTimeoutMs: number;
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
  readonly trustProxy: TrustProxy;
  readonly connections: ConnectionLimits & { readonly perUser: number };
  readonly signIns: { readonly atOnce: number; readonly waiting: number };
}

/** Connections, before they are read and before their upgrades are answered. A probe of the node's health waits among them: not for long, then. */
const doorRests = { least: 3, first: 8, most: 16 };
/** Upgrades: each becomes a sign-in, which costs several times as much. */
const upgradeRests = { least: 4, first: 24, most: 48 };

/** How long a client may take to answer a close, in milliseconds. */
const closeTimeoutMs = 5_000;

/** Where an upgrade may go: `/ws`, or `/rooms/{roomId}` to be in a room with the sign-in. */
interface Target {
  readonly query: URLSearchParams;
  readonly path?: SignIn['path'];
}

/** The WebSocket side of a node: upgrades, and the bytes of each connection. */
export class WebSocketEndpoint {
  readonly #options: WebSocketEndpointOptions;
  readonly #server: WebSocketServer;
  readonly #keepalive: Keepalive;
  readonly #sockets = new Map<WebSocket, Connection>();
  readonly #addresses: ClientAddresses;
  readonly #places: ConnectionPlaces;
  readonly #refusals: RefusalLog;
  readonly #door: NewcomerPace;
  readonly #pace: NewcomerPace;
  readonly #shared: { readonly seats: UserSeats; readonly line: SignInLine };
  readonly #returns: ReturnTimes;
  #phase: 'starting' | 'accepting' | 'stopping' = 'starting';

  constructor(options: WebSocketEndpointOptions) {
    this.#options = options;
    this.#keepalive = new Keepalive(options);
    this.#addresses = new ClientAddresses(options.trustProxy);
    this.#places = new ConnectionPlaces(options.connections, options.clock);
    this.#refusals = new RefusalLog(options.clock, options.log);
    this.#door = new NewcomerPace({ clock: options.clock, restTimes: doorRests });
    this.#pace = new NewcomerPace({ clock: options.clock, restTimes: upgradeRests });
    this.#returns = new ReturnTimes(options.clock);
    this.#shared = {
      seats: new UserSeats(options.connections.perUser),
      line: new SignInLine({ ...options.signIns, clock: options.clock }),
    };
    // Its types do not know it yet.
    const closing = { closeTimeout: closeTimeoutMs };
    this.#server = new WebSocketServer({
      ...closing,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // Text is longer than the frame that it becomes, and a frame just over the limit deserves its typed error; what is
      // far over it is cut off by the parser with 1009 before it is buffered.
      maxPayload: options.maxFrameBytes * 2,
      handleProtocols: (offered) => [...offered].find((name) => codecFor(name) !== undefined) ?? false,
    });
    this.#server.on('wsClientError', ({ message }, socket) => {
      const error = new SignalError(ErrorCode.INVALID_ARGUMENT, message);
      this.#refuse(socket, { status: '400 Bad Request', reason: 'handshake', error });
    });
  }

  /** Answers the upgrades of an HTTP server, at first with a refusal, bounds its connections and lets them in at a pace. */
  attach(server: Server): void {
    letInAtPace(server, this.#door);
    boundRawSockets(server, {
      ...this.#options.connections,
      addresses: this.#addresses,
      refusals: this.#refusals,
    });
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      // Its request may have come long after it was let in, together with many others.
      const decide = () => this.#decide(request, socket, head);
      socket.once('close', () => this.#door.leave(decide));
      this.#door.enter(decide);
    });
  }

  /** How many connections are open. */
  get size(): number {
    return this.#sockets.size;
  }

  /** How many connections wait for their turn: to be read, to be answered, or to become WebSockets. */
  get waiting(): number {
    return this.#door.waiting + this.#pace.waiting;
  }

  /** Takes upgrades from now on, unless it is stopping. */
  startAccepting(): void {
    if (this.#phase === 'starting') this.#phase = 'accepting';
  }

  /** Refuses every upgrade from now on, and closes at once what has not signed in. */
  stopAccepting(): void {
    this.#phase = 'stopping';
    this.#pace.stop();
    for (const connection of this.#sockets.values()) connection.stopSignIn();
  }

  /** Closes every connection; resolves when all are gone, by force after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#phase = 'stopping';
    this.#pace.stop();
    this.#keepalive.stop();
    this.#refusals.write();
    const gone = Array.from(
      this.#sockets.keys(),
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    writeAll();
    for (const socket of this.#sockets.keys()) socket.close(CloseCode.GOING_AWAY, 'the server is stopping');
    const cancel = this.#options.clock.after(deadlineMs, () => {
      for (const socket of this.#sockets.keys()) socket.terminate();
    });
    await Promise.all(gone);
    cancel();
  }

  #decide(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal !== undefined) this.#refuse(socket, refusal);
    else this.#admit(request, socket, head);
  }

  /** Gives the connection a place, if there is one, until its socket is gone, and upgrades it when it is its turn. */
  #admit(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const admission = this.#places.admit(this.#addresses.networkOf(request));
    if (!admission.admitted) {
      const { full: reason, error } = admission;
      const status =
        error.code === ErrorCode.RATE_LIMITED ? '429 Too Many Requests' : '503 Service Unavailable';
      this.#refuse(socket, { status, reason, error });
      return;
    }
    const { place } = admission;
    const upgrade = () => {
      const refusal = this.#refusal(request);
      if (refusal !== undefined) this.#refuse(socket, refusal);
      else
        this.#server.handleUpgrade(request, socket, head, (webSocket) =>
          this.#opened(webSocket, socket, request, place),
        );
    };
    socket.once('close', () => {
      place.leave();
      this.#pace.leave(upgrade);
    });
    this.#pace.enter(upgrade);
  }

  #refuse(socket: Duplex, refusal: UpgradeRefusal): void {
    this.#refusals.note(refusal.reason);
    refuseUpgrade(socket, refusal);
  }

  #refusal(request: IncomingMessage): UpgradeRefusal | undefined {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (this.#phase === 'starting') {
      const retryAfterMs = this.#returns.next();
      const error = new SignalError(ErrorCode.UNAVAILABLE, 'the server is starting', { retryAfterMs });
      return { status: '503 Service Unavailable', reason: 'starting', error };
    }
    if (this.#phase === 'stopping') {
      const error = new SignalError(ErrorCode.UNAVAILABLE, 'the server is stopping');
      return { status: '503 Service Unavailable', reason: 'stopping', error };
    }
    if (targetOf(request) === undefined) {
      const message = 'WebSockets are at /ws and at /rooms/{roomId}?peer_id={UUID in lower case}';
      const error = new SignalError(ErrorCode.UNIMPLEMENTED, message);
      return { status: '404 Not Found', reason: 'path', error };
    }
    if (!originAllowed(request, this.#options.clientUrls)) {
      const message = 'this origin may not connect: see the setting CLIENT_URL';
      const error = new SignalError(ErrorCode.PERMISSION_DENIED, message);
      return { status: '403 Forbidden', reason: 'origin', error };
    }
    if (!offered.some((name) => codecFor(name) !== undefined)) {
      const message = `offer the subprotocol ${protoSubprotocol} or ${jsonSubprotocol}`;
      const error = new SignalError(ErrorCode.INVALID_ARGUMENT, message);
      return { status: '400 Bad Request', reason: 'subprotocol', error };
    }
    return undefined;
  }

  #opened(socket: WebSocket, stream: Duplex, request: IncomingMessage, place: Place): void {
    const target = targetOf(request);
    const codec = codecFor(socket.protocol);
    if (target === undefined || codec === undefined) {
      socket.terminate();
      return;
    }
    const { tokenInQuery } = this.#options;
    const id = randomUUID();
    const log = this.#options.log.child({ connection: id });
    const connection = new Connection({
      ...this.#options,
      ...this.#shared,
      place,
      id,
      log,
      wire: new WebSocketWire(socket, stream, codec),
      token: tokenOf(request, target.query, tokenInQuery),
      awaitHello: target.query.get('hello') === '1',
      ...(target.path && { path: target.path }),
    });
    this.#sockets.set(socket, connection);
    const hear = this.#keepalive.add(socket);
    // One listener for all: an event with several is dearer.
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      hear();
      // A close of ours was the last word: what comes after it is asked again when the session comes back.
      if (socket.readyState === WebSocket.OPEN) receive(connection, codec, data, isBinary);
    });
    socket.on('error', (error) => log.debug('ws.error', { reason: error.message }));
    socket.once('close', (code) => {
      this.#sockets.delete(socket);
      connection.closed(code);
    });
    log.info('ws.connect', { subprotocol: codec.subprotocol });
    connection.open();
  }
}

function receive(connection: Connection, codec: Codec, data: Buffer, isBinary: boolean): void {
  if (isBinary !== codec.binary) {
    const [want, got] = codec.binary ? ['binary', 'text'] : ['text', 'binary'];
    const message = `${codec.subprotocol} has ${want} frames, this one is ${got}`;
    connection.receiveBroken(0, new SignalError(ErrorCode.MALFORMED_FRAME, message));
    return;
  }
  let frame: Uint8Array;
  try {
    frame = codec.toFrameBytes(data);
  } catch (error) {
    connection.receiveBroken(codec.refusedId(data), SignalError.from(error));
    return;
  }
  connection.receive(frame);
}

function targetOf(request: IncomingMessage): Target | undefined {
  const url = URL.canParse(request.url ?? '', 'ws://server')
    ? new URL(request.url ?? '', 'ws://server')
    : undefined;
  if (url === undefined) return undefined;
  const query = url.searchParams;
  if (url.pathname === '/ws') return { query };
  const roomId = /^\/rooms\/([^/]+)$/.exec(url.pathname)?.[1];
  const peerId = query.get('peer_id') ?? '';
  if (roomId === undefined || !isId(roomId) || (peerId !== '' && !isUuid(peerId))) return undefined;
  return { query, path: { roomId, peerId } };
}
