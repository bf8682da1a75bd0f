import type { Liveness } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import { Heartbeat } from './heartbeat.ts';
import { Patience } from './patience.ts';
import { expectResult } from './request.ts';
import type { RequestLedger } from './request-ledger.ts';
import type { SessionListener } from './session-listener.ts';
import { TokenRefresh } from './token-refresh.ts';
import type { TokenSource } from './token-source.ts';

export interface UpkeepOptions {
  readonly clock: Clock;
  readonly ledger: RequestLedger;
  readonly tokens: TokenSource;
  readonly listener: Pick<SessionListener, 'onHeartbeat' | 'onError'>;
}

/** How long the server may take over a sign-out before the client goes anyway, in milliseconds. */
const signOutTimeoutMs = 2_000;

/** What a session asks of the server by itself: that it is there, that its token holds on, and at last that it is signed out. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #tokenRefresh: TokenRefresh;
  readonly #patience = new Patience();
  #heartbeat: Heartbeat | undefined;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#tokenRefresh = new TokenRefresh(options);
  }

  /** Signed in over this connection. Drops it when it falls silent. */
  start(connection: Connection, liveness: Liveness | undefined): void {
    const { clock, ledger } = this.#options;
    this.#heartbeat = new Heartbeat({
      connection,
      liveness,
      patience: this.#patience,
      clock,
      beat: () => void this.#beat(),
      owedSinceMs: () => ledger.owedSinceMs,
    });
  }

  /** A request went out. */
  asked(): void {
    this.#heartbeat?.asked();
  }

  /** The connection is over. */
  stop(): void {
    this.#tokenRefresh.stop();
    this.#heartbeat?.stop();
    this.#heartbeat = undefined;
  }

  /** Finds out at once whether the connection still lives. */
  probe(): void {
    this.#heartbeat?.probe();
  }

  /** The server says that the token expires soon. */
  refreshToken(): void {
    this.#tokenRefresh.start();
  }

  /** Resolves when the server has it, or when waiting for that is of no use. */
  async signOut(): Promise<void> {
    const { ledger, clock } = this.#options;
    try {
      const signedOut = ledger.request({ case: 'signOut', value: {} }, { outlives: 'connection' });
      await withDeadline(signedOut, signOutTimeoutMs, clock, 'the sign-out');
    } catch {
      // The session then ends with its reconnection window.
    }
  }

  async #beat(): Promise<void> {
    const { ledger, listener } = this.#options;
    const heartbeat = this.#heartbeat;
    try {
      const result = await ledger.request(
        { case: 'heartbeat', value: {} },
        { outlives: 'connection', urgent: true },
      );
      listener.onHeartbeat(expectResult(result, 'heartbeat').delivered);
    } catch (thrown) {
      // A lost connection is told elsewhere, and the next heartbeat may do better.
      if (this.#heartbeat !== undefined && this.#heartbeat === heartbeat)
        listener.onError(SignalError.from(thrown));
    }
  }
}
