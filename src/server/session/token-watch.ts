import type { Clock } from '../../shared/clock.ts';
import { controlFrame } from '../frame/server-frame.ts';
import type { Session } from './session.ts';

export interface TokenWatchOptions {
  readonly clock: Clock;
  /** How long before its token expires a client is told of it, in milliseconds; half of what is left where that is less. */
  readonly warningMs: number;
  /** A token is no longer accepted. The session is not watched any more. */
  readonly onExpired: (session: Session) => void;
}

interface Watched {
  cancel: () => void;
  /** The expiry that the client was told of. */
  warnedOfMs: number;
}

/**
 * How long the wall clock is trusted to run as timers do, in milliseconds: it may be set, a machine may sleep, and a timer
 * can't wait for the years that a token may hold.
 */
const longestWaitMs = 3_600_000;
/**
 * Long waits are whole multiples of this, in milliseconds, and the rest follows: Node keeps a list for each duration that a timer
 * ever had, until that time is over, also where the timer was taken back.
 */
const stepMs = 10_000;

/** Warns the clients whose tokens are about to expire, and says when they have. One timer for each session with such a token. */
export class TokenWatch {
  readonly #options: TokenWatchOptions;
  readonly #watched = new Map<Session, Watched>();

  constructor(options: TokenWatchOptions) {
    this.#options = options;
  }

  /** Looks after the token that the session has now, until `forget`. Not for one that lost its connection. */
  watch(session: Session): void {
    const watched = this.#watched.get(session) ?? { cancel: () => undefined, warnedOfMs: 0 };
    this.forget(session);
    const { expiresAtMs } = session.identity;
    if (expiresAtMs === undefined || !session.connected) return;
    this.#watched.set(session, watched);
    // A client that refreshes with the same token would else be told again at each half of what is left.
    if (expiresAtMs <= watched.warnedOfMs) this.#awaitExpiry(session, watched, expiresAtMs);
    else this.#awaitWarning(session, watched, expiresAtMs);
  }

  forget(session: Session): void {
    this.#watched.get(session)?.cancel();
    this.#watched.delete(session);
  }

  stop(): void {
    for (const session of this.#watched.keys()) this.forget(session);
  }

  #awaitWarning(session: Session, watched: Watched, expiresAtMs: number): void {
    const { clock, warningMs } = this.#options;
    const leftMs = Math.max(expiresAtMs - clock.now(), 0);
    this.#at(watched, expiresAtMs - Math.min(warningMs, leftMs / 2), () => {
      watched.warnedOfMs = expiresAtMs;
      // First the timer: what is sent may show that the connection is lost.
      this.#awaitExpiry(session, watched, expiresAtMs);
      const value = { expiresAtMs: BigInt(expiresAtMs) };
      session.send(controlFrame({ body: { case: 'tokenExpiring', value } }));
    });
  }

  #awaitExpiry(session: Session, watched: Watched, expiresAtMs: number): void {
    this.#at(watched, expiresAtMs, () => {
      this.forget(session);
      this.#options.onExpired(session);
    });
  }

  /** Calls back at a moment of the wall clock, in milliseconds since 1970; soon if it has passed. */
  #at(watched: Watched, momentMs: number, callback: () => void): void {
    const { clock } = this.#options;
    const leftMs = Math.min(Math.max(Math.ceil(momentMs - clock.now()), 0), longestWaitMs);
    const waitMs = leftMs < stepMs ? leftMs : leftMs - (leftMs % stepMs);
    watched.cancel = clock.after(waitMs, () => {
      if (clock.now() < momentMs) this.#at(watched, momentMs, callback);
      else callback();
    });
  }
}
