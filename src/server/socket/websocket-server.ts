import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { isId, isUuid } from '../../shared/ids.ts';
import { jsonSubprotocol, protoSubprotocol } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { type Codec, codecFor } from '../frame/codec.ts';
import type { Log } from '../port/log.ts';
import type { TokenVerifier } from '../port/token-verifier.ts';
import type { Dispatcher } from '../session/dispatcher.ts';
import type { SignIn } from '../session/session-desk.ts';
import type { Sessions } from '../session/sessions.ts';
import { Connection } from './connection.ts';
import { originAllowed, tokenOf } from './credentials.ts';
import { Keepalive } from './keepalive.ts';
import { WebSocketWire } from './websocket-wire.ts';

export interface WebSocketEndpointOptions {
  readonly verifier: TokenVerifier;
  readonly sessions: Sessions;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly log: Log;
  readonly clientUrls: readonly string[];
  readonly tokenInQuery: boolean;
  readonly signInTimeoutMs: number;
  readonly maxFrameBytes: number;
  readonly pingIntervalMs: number;
  readonly pingTimeoutMs: number;
}

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
  readonly #sockets = new Set<WebSocket>();
  #isClosing = false;

  constructor(options: WebSocketEndpointOptions) {
    this.#options = options;
    this.#keepalive = new Keepalive(options);
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      // Text is longer than the frame that it becomes, and a frame just over the limit deserves its typed error; what is
      // far over it is cut off by the parser with 1009 before it is buffered.
      maxPayload: options.maxFrameBytes * 2,
      handleProtocols: (offered) => [...offered].find((name) => codecFor(name) !== undefined) ?? false,
    });
  }

  /** Takes the upgrades of an HTTP server. */
  attach(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      const refusal = this.#refusal(request);
      if (refusal !== undefined) {
        const body = JSON.stringify({ error: { message: refusal.message } });
        socket.end(
          `HTTP/1.1 ${refusal.status}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        );
        return;
      }
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#opened(webSocket, socket, request),
      );
    });
  }

  /** How many connections are open. */
  get size(): number {
    return this.#sockets.size;
  }

  /** Closes every connection; resolves when all are gone, by force after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    this.#isClosing = true;
    this.#keepalive.stop();
    const gone = Array.from(
      this.#sockets,
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const socket of this.#sockets) socket.close(CloseCode.GOING_AWAY, 'the server is stopping');
    const cancel = this.#options.clock.after(deadlineMs, () => {
      for (const socket of this.#sockets) socket.terminate();
    });
    await Promise.all(gone);
    cancel();
  }

  #refusal(request: IncomingMessage): { readonly status: string; readonly message: string } | undefined {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (this.#isClosing) return { status: '503 Service Unavailable', message: 'the server is stopping' };
    if (targetOf(request) === undefined)
      return {
        status: '404 Not Found',
        message: 'WebSockets are at /ws and at /rooms/{roomId}?peer_id={UUID in lower case}',
      };
    if (!originAllowed(request, this.#options.clientUrls)) {
      return { status: '403 Forbidden', message: 'this origin may not connect: see the setting CLIENT_URL' };
    }
    if (!offered.some((name) => codecFor(name) !== undefined)) {
      return {
        status: '400 Bad Request',
        message: `offer the subprotocol ${protoSubprotocol} or ${jsonSubprotocol}`,
      };
    }
    return undefined;
  }

  #opened(socket: WebSocket, stream: Duplex, request: IncomingMessage): void {
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
      id,
      log,
      wire: new WebSocketWire(socket, stream, codec),
      token: tokenOf(request, target.query, tokenInQuery),
      awaitHello: target.query.get('hello') === '1',
      ...(target.path && { path: target.path }),
    });
    this.#sockets.add(socket);
    this.#keepalive.add(socket);
    socket.on('message', (data: Buffer, isBinary: boolean) => receive(connection, codec, data, isBinary));
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
