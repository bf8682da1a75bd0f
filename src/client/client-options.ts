import type { Clock } from '../shared/clock.ts';
import type { WakeSource } from './wake.ts';
import type { WebSocketConstructor } from './web-socket-like.ts';

/** A JWT, or what gives one: asked again when the server wants a new one. */
export type Token = string | (() => string | Promise<string>);

export interface RetryOptions {
  /** The first wait is random up to this, in milliseconds, each after it up to twice as long. Default: 300. */
  readonly firstDelayMs?: number;
  /** The longest wait, in milliseconds; less while the session can still be resumed. Default: 5,000. */
  readonly maxDelayMs?: number;
  /** Failed attempts in a row before the client gives up. Default: Infinity. */
  readonly attempts?: number;
}

export interface ClientOptions {
  /** The server's WebSocket address, `ws://` or `wss://`. */
  readonly url: string;
  /** Who signs in. Empty where a cookie does. */
  readonly token: Token;
  /** Default: the global one. Required where there is none. */
  readonly WebSocket?: WebSocketConstructor;
  /** Time and timers. Default: the system's. */
  readonly clock?: Clock;
  /** How a lost connection is tried again. */
  readonly retry?: RetryOptions;
  /** A request without an answer rejects with DEADLINE_EXCEEDED after this, in milliseconds. Default: 15,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A connection that is not open after this, or not signed in for this long after it opened, in milliseconds, is given up and tried
   * again. Default: 10,000.
   */
  readonly connectTimeoutMs?: number;
  /** The application's name and version, for the server's log. Default: `parley-js/0.1.0`. At most 128 bytes. */
  readonly client?: string;
  /**
   * Calls back when the network or the application comes back, so that the client reconnects at once. Default: the `online`
   * and `visibilitychange` events where there is a browser. In React Native, build it on AppState.
   */
  readonly wake?: WakeSource;
}
