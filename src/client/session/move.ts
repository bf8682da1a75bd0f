import type { Clock } from '../../shared/clock.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { Connection } from './connection.ts';
import type { TokenSource } from './token-source.ts';

export interface MoveOptions {
  readonly clock: Clock;
  readonly tokens: TokenSource;
  /** Opens a connection beside the one that stands. It takes that one's place by itself when it is open; else see `failed`. */
  readonly dial: (token: string) => Connection;
  /** How long to wait after so many failures, in milliseconds. */
  readonly delayMs: (failures: number) => number;
  readonly onError: (error: SignalError) => void;
}

/** RFC 6455, section 7.4.1. */
const normalClosure = 1000;

/**
 * Looks for another server while the one that goes away still serves: tries to open a connection until one is open or the move is
 * stopped. Whoever stands before the servers may go on naming the one that goes away for a while; that costs the client nothing.
 */
export class Move {
  readonly #options: MoveOptions;
  #connection: Connection | undefined;
  /** Counts what was begun, so that a token that comes late opens nothing. */
  #attempt = 0;
  #failures = 0;
  #cancelTimer = () => {};

  constructor(options: MoveOptions) {
    this.#options = options;
  }

  /** Begins after this many milliseconds. Said again: from anew. */
  start(afterMs: number): void {
    this.stop();
    this.#cancelTimer = this.#options.clock.after(afterMs, () => this.#try());
  }

  /** Gives up what was not moved to. */
  stop(): void {
    const connection = this.#connection;
    this.#release();
    connection?.close(normalClosure, 'not needed');
  }

  /** Its connection was moved to, and is not the move's any more. */
  done(): void {
    this.#release();
  }

  /** Its connection did not open. */
  failed(): void {
    this.#connection = undefined;
    const delayMs = this.#options.delayMs(this.#failures);
    this.#failures += 1;
    this.#cancelTimer = this.#options.clock.after(delayMs, () => this.#try());
  }

  #release(): void {
    this.#attempt += 1;
    this.#failures = 0;
    this.#cancelTimer();
    this.#connection = undefined;
  }

  #try(): void {
    const attempt = ++this.#attempt;
    const { tokens, dial, onError } = this.#options;
    tokens
      .get()
      .then((token) => {
        if (attempt === this.#attempt) this.#connection = dial(token);
      })
      .catch((thrown: unknown) => {
        if (attempt !== this.#attempt) return;
        onError(SignalError.from(thrown));
        this.failed();
      });
  }
}
