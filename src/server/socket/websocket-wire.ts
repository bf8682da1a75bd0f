import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Codec } from '../frame/codec.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import type { Wire } from '../session/wire.ts';

/**
 * A WebSocket as a wire: one frame is one message, in the subprotocol's form. Messages are written to the socket as they were
 * made, header and all, past `ws`, which would make a header for each receiver and write it apart. That is safe because `ws`
 * writes its own frames (pings, pongs, closes) whole, and compression, which would make it wait in between, is off.
 */
export class WebSocketWire implements Wire {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #codec: Codec;
  /** What is written at the end of this turn of the event loop: mostly one message. */
  #first: Buffer | undefined;
  #others: Buffer[] | undefined;
  #waitingBytes = 0;
  #onDrain: () => void = () => undefined;

  /** `socket` is the one that the WebSocket was made on. */
  constructor(webSocket: WebSocket, socket: Duplex, codec: Codec) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#codec = codec;
    socket.on('drain', () => this.#onDrain());
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waitingBytes;
  }

  send(frame: OutgoingFrame): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const { toText } = this.#codec;
    const message = toText === undefined ? frame.message : frame.textMessage(toText);
    this.#waitingBytes += message.length;
    if (this.#first === undefined) {
      this.#first = message;
      writeThisTurn(this);
    } else if (this.#others === undefined) this.#others = [message];
    else this.#others.push(message);
  }

  close(code: number, reason: string): void {
    this.flush();
    this.#webSocket.close(code, reason);
  }

  onDrain(listener: () => void): void {
    this.#onDrain = listener;
  }

  /** Writes what waits, in one piece. */
  flush(): void {
    if (this.#first === undefined) return;
    const others = this.#others;
    const bytes =
      others === undefined ? this.#first : Buffer.concat([this.#first, ...others], this.#waitingBytes);
    this.#first = undefined;
    this.#others = undefined;
    this.#waitingBytes = 0;
    if (this.#webSocket.readyState !== WebSocket.OPEN || !this.#socket.write(bytes)) return;
    // The kernel took it at once: the socket was never full, and no `drain` of it will come. After much, others come first.
    if (bytes.length < this.#socket.writableHighWaterMark) this.#onDrain();
    else setImmediate(() => this.#onDrain());
  }
}

/** The wires that have something to write. */
let unwritten: WebSocketWire[] = [];

/** All that a turn of the event loop brings is read before what came of it is written, which costs less than in turn. */
function writeThisTurn(wire: WebSocketWire): void {
  if (unwritten.length === 0) setImmediate(writeAll);
  unwritten.push(wire);
}

/** Writes what waits on all wires, without waiting for the end of the turn. */
export function writeAll(): void {
  const wires = unwritten;
  unwritten = [];
  for (const wire of wires) wire.flush();
}
