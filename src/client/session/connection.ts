import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  ClientFrameSchema,
  type ServerFrame,
  ServerFrameSchema,
} from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { HelloSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { protoSubprotocol } from '../../shared/limits.ts';
import type { WebSocketConstructor, WebSocketLike } from '../web-socket-like.ts';

export interface ConnectionOptions {
  readonly url: string;
  readonly WebSocket: WebSocketConstructor;
  /** What it says when it is open. Asked for then. */
  readonly hello: () => MessageInitShape<typeof HelloSchema>;
  /** How long it may take to open, and then the way from `Hello` to the welcome, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly onFrame: (frame: ServerFrame) => void;
  /** Called once, unless `close` was called before. */
  readonly onLost: (code: number, reason: string) => void;
}

/** WebSocket's own code for bytes that are not what the protocol says (RFC 6455, section 7.4.1). */
const protocolError = 1002;
/** What a WebSocket says that closed without a close frame. */
const abnormalClosure = 1006;

/** One WebSocket's life: opens, says `Hello`, carries frames, ends once. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocketLike;
  #cancelDeadline = () => {};
  #open = true;
  #heardAtMs: number;

  /** Throws what the WebSocket constructor throws, as for a malformed address. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#heardAtMs = options.clock.monotonicMs();
    this.#socket = new options.WebSocket(helloUrl(options.url), [protoSubprotocol]);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => this.#sayHello());
    this.#socket.addEventListener('message', ({ data }) => this.#receive(data));
    this.#socket.addEventListener('close', ({ code, reason }) => this.#end(code, reason));
    this.#socket.addEventListener('error', () => this.#end(abnormalClosure, 'the socket failed'));
    this.#limit('not open');
  }

  /** How long nothing has come, in milliseconds. */
  get silentMs(): number {
    return this.#options.clock.monotonicMs() - this.#heardAtMs;
  }

  /** How much of what was sent the network has not taken yet, as far as the WebSocket tells; else 0. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  /** The sign-in holds: no deadline any more. */
  welcomed(): void {
    this.#cancelDeadline();
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#open) this.#socket.send(bytes);
  }

  /** Gives the connection up as lost, without waiting for the other side, which may be gone. */
  drop(reason: string): void {
    this.#end(abnormalClosure, reason, CloseCode.CONNECTION_STALE);
  }

  /** Ends the connection; nothing is called back any more. */
  close(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelDeadline();
    this.#socket.close(code, reason);
  }

  #sayHello(): void {
    if (!this.#open) return;
    // However long the server let the upgrade wait: a client that moves has closed its other connection by now.
    this.#limit('no welcome');
    const frame = create(ClientFrameSchema, { body: { case: 'hello', value: this.#options.hello() } });
    this.send(toBinary(ClientFrameSchema, frame));
  }

  /** From now on it is given up after the time to connect, for what it `lacks` then. */
  #limit(lacks: string): void {
    const { clock, connectTimeoutMs } = this.#options;
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(connectTimeoutMs, () =>
      this.drop(`${lacks} within ${connectTimeoutMs} ms`),
    );
  }

  #receive(data: unknown): void {
    if (!this.#open) return;
    this.#heardAtMs = this.#options.clock.monotonicMs();
    const frame = decode(data);
    if (frame === undefined)
      this.#end(protocolError, 'the server sent what is no frame', CloseCode.PROTOCOL_VIOLATION);
    else this.#options.onFrame(frame);
  }

  #end(code: number, reason: string, tell: number = CloseCode.CONNECTION_STALE): void {
    if (!this.#open) return;
    this.close(tell, reason);
    this.#options.onLost(code, reason);
  }
}

/** Tells the server to wait for `Hello`, also where a cookie would sign in. */
function helloUrl(url: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}hello=1`;
}

function decode(data: unknown): ServerFrame | undefined {
  // Not instanceof: a WebSocket may come from another realm.
  if (Object.prototype.toString.call(data) !== '[object ArrayBuffer]') return undefined;
  try {
    return fromBinary(ServerFrameSchema, new Uint8Array(data as ArrayBuffer));
  } catch {
    return undefined;
  }
}
