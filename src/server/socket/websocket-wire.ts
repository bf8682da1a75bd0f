import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Codec } from '../frame/codec.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import type { Wire } from '../session/wire.ts';
import { websocketMessage } from './websocket-message.ts';

/**
 * A WebSocket as a wire: one frame is one message, in the subprotocol's form. Messages are written to the socket as they were
 * made, header and all, past `ws`, which would make a header for each receiver and write it apart. That is safe because `ws`
 * writes its own frames (pings, pongs, closes) whole, and compression, which would make it wait in between, is off.
 */
export class WebSocketWire implements Wire {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #codec: Codec;
  /** What is written at the end of this turn of the event loop. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;

  /** `socket` is the one that the WebSocket was made on. */
  constructor(webSocket: WebSocket, socket: Duplex, codec: Codec) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#codec = codec;
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#waitingBytes;
  }

  send(frame: OutgoingFrame): void {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return;
    const message = websocketMessage(frame, this.#codec);
    if (this.#waiting.length === 0) process.nextTick(flush, this);
    this.#waiting.push(message);
    this.#waitingBytes += message.length;
  }

  close(code: number, reason: string): void {
    this.flush();
    this.#webSocket.close(code, reason);
  }

  onDrain(listener: () => void): void {
    this.#socket.on('drain', listener);
  }

  /** Writes what waits, in one piece. */
  flush(): void {
    const waiting = this.#waiting;
    const [first] = waiting;
    if (first === undefined) return;
    this.#waiting = [];
    const bytes = waiting.length === 1 ? first : Buffer.concat(waiting, this.#waitingBytes);
    this.#waitingBytes = 0;
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#socket.write(bytes);
  }
}

function flush(wire: WebSocketWire): void {
  wire.flush();
}
