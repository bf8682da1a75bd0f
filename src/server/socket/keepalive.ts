import type { WebSocket } from 'ws';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';

export interface KeepaliveOptions {
  readonly clock: Clock;
  readonly pingIntervalMs: number;
  /** A connection that was silent for this long is closed. */
  readonly pingTimeoutMs: number;
}

interface Heard {
  /** When something was last known to have come. */
  atMs: number;
  /** Something came since the last round. */
  since: boolean;
  pingedAtMs: number;
}

/** Pings every connection and closes those that fell silent: one timer for all. */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #sockets = new Map<WebSocket, Heard>();
  #cancel: (() => void) | undefined;

  constructor(options: KeepaliveOptions) {
    this.#options = options;
  }

  /** Returns what is to be called whenever something comes; pongs are heard here. */
  add(socket: WebSocket): () => void {
    const nowMs = this.#options.clock.monotonicMs();
    const heard: Heard = { atMs: nowMs, since: false, pingedAtMs: nowMs };
    const hear = () => {
      heard.since = true;
    };
    socket.on('pong', hear);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#sockets.set(socket, heard);
    this.#cancel ??= this.#next();
    return hear;
  }

  stop(): void {
    this.#cancel?.();
  }

  #next(): () => void {
    const { clock, pingIntervalMs, pingTimeoutMs } = this.#options;
    return clock.after(Math.min(pingIntervalMs, pingTimeoutMs) / 10, () => {
      this.#round();
      this.#cancel = this.#sockets.size > 0 ? this.#next() : undefined;
    });
  }

  #round(): void {
    const { clock, pingIntervalMs, pingTimeoutMs } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const [socket, heard] of this.#sockets) {
      if (heard.since) heard.atMs = nowMs;
      heard.since = false;
      if (nowMs - heard.atMs >= pingTimeoutMs) {
        // The other side may never answer a close: the socket is ended at once after it is told.
        socket.close(CloseCode.CONNECTION_STALE, 'nothing was heard');
        socket.terminate();
      } else if (nowMs - heard.pingedAtMs >= pingIntervalMs) {
        heard.pingedAtMs = nowMs;
        socket.ping();
      }
    }
  }
}
