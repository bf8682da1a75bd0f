import { WebSocket } from 'ws';
import type { Codec } from '../frame/codec.ts';
import type { Wire } from '../session/wire.ts';

/** A WebSocket as a wire: one frame is one message, in the subprotocol's form. */
export class WebSocketWire implements Wire {
  readonly #socket: WebSocket;
  readonly #codec: Codec;

  constructor(socket: WebSocket, codec: Codec) {
    this.#socket = socket;
    this.#codec = codec;
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.send(this.#codec.fromFrameBytes(frame), { binary: this.#codec.binary });
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }
}
