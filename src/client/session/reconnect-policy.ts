import { type Backoff, backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { type AfterClose, afterClose, CloseCode } from '../../shared/close-codes.ts';
import type { SignalError } from '../../shared/signal-error.ts';
import { endsSession } from './received-error.ts';

export interface ReconnectPolicyOptions extends Backoff {
  /** Failed attempts in a row before giving up. */
  readonly attempts: number;
  /** Whether another token can be had. */
  readonly tokenRenewable: boolean;
  readonly clock: Clock;
  readonly random?: () => number;
}

export type Reconnect =
  | { readonly kind: 'retry'; readonly delayMs: number; readonly newToken: boolean }
  | { readonly kind: 'give-up' }
  | { readonly kind: 'stop' };

/** Who is told to come back later waits at least as a third attempt does. */
const laterAttempt = 2;
/** While the session can still be resumed, a wait takes at most this share of what is left of its window. */
const windowShare = 1 / 4;
/** New tokens that are refused in a row before the client stops. */
const maxRefusedTokens = 2;

/** What to do after a connection that ended, and when. */
export class ReconnectPolicy {
  readonly #options: ReconnectPolicyOptions;
  /** Failed attempts since the last welcome. */
  #failures = 0;
  /** Attempts since a connection last stood for longer than the longest delay. */
  #attempt = 0;
  #refusedTokens = 0;
  #welcomedAtMs: number | undefined;
  /** Until when the session can be resumed, as far as the client knows, by the monotonic clock. */
  #resumableUntilMs = 0;
  #windowMs = 0;

  constructor(options: ReconnectPolicyOptions) {
    this.#options = options;
  }

  /** `windowMs`: how long after a loss the session can be resumed; 0: not at all. */
  welcomed(windowMs: number): void {
    this.#windowMs = windowMs;
    this.#failures = 0;
    this.#refusedTokens = 0;
    this.#welcomedAtMs = this.#options.clock.monotonicMs();
  }

  /** After a close with this code, and what was wrong. The close may have been lost, so that an error which ends the session counts. */
  after(code: number, error: SignalError): Reconnect {
    const advice = endsSession(error) ? 'stop' : this.#advice(code);
    if (advice === 'stop') return { kind: 'stop' };
    this.#count();
    if (this.#failures >= this.#options.attempts) return { kind: 'give-up' };
    if (advice === 'later') this.#attempt = Math.max(this.#attempt, laterAttempt);
    const delayMs = Math.max(
      backoffDelayMs(this.#bounds(), this.#attempt, this.#options.random),
      error.retryAfterMs,
    );
    this.#attempt += 1;
    return { kind: 'retry', delayMs, newToken: advice === 'new-token' };
  }

  /** How long to wait after so many tries to move elsewhere that failed, while the connection still stands, in milliseconds. */
  moveDelayMs(failures: number): number {
    return backoffDelayMs(this.#options, failures, this.#options.random);
  }

  /** A connection is over: one that stood, or an attempt. */
  #count(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#welcomedAtMs === undefined) {
      this.#failures += 1;
      return;
    }
    if (nowMs - this.#welcomedAtMs > this.#options.maxDelayMs) this.#attempt = 0;
    this.#welcomedAtMs = undefined;
    this.#resumableUntilMs = nowMs + this.#windowMs;
  }

  /** However often the connection was lost of late, no wait may use up the window. Those of the first three attempts are never cut. */
  #bounds(): Backoff {
    const { firstDelayMs, maxDelayMs, clock } = this.#options;
    const leftMs = this.#resumableUntilMs - clock.monotonicMs();
    if (leftMs <= 0) return { firstDelayMs, maxDelayMs };
    const withinWindowMs = Math.max(leftMs * windowShare, firstDelayMs * 2 ** laterAttempt);
    return { firstDelayMs, maxDelayMs: Math.min(maxDelayMs, withinWindowMs) };
  }

  #advice(code: number): AfterClose {
    const advice = afterClose(code);
    if (advice !== 'new-token' || code === CloseCode.SIGN_IN_TIMEOUT) return advice;
    this.#refusedTokens += 1;
    const another = this.#options.tokenRenewable && this.#refusedTokens <= maxRefusedTokens;
    return another ? advice : 'stop';
  }
}
