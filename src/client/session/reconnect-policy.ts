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

  constructor(options: ReconnectPolicyOptions) {
    this.#options = options;
  }

  welcomed(): void {
    this.#failures = 0;
    this.#refusedTokens = 0;
    this.#welcomedAtMs = this.#options.clock.monotonicMs();
  }

  /** After a close with this code, and what was wrong. The close may have been lost, so that an error which ends the session counts. */
  after(code: number, error: SignalError): Reconnect {
    const advice = endsSession(error) ? 'stop' : this.#advice(code);
    if (advice === 'stop') return { kind: 'stop' };
    if (this.#welcomedAtMs === undefined) this.#failures += 1;
    else if (this.#options.clock.monotonicMs() - this.#welcomedAtMs > this.#options.maxDelayMs)
      this.#attempt = 0;
    this.#welcomedAtMs = undefined;
    if (this.#failures >= this.#options.attempts) return { kind: 'give-up' };
    if (advice === 'later') this.#attempt = Math.max(this.#attempt, laterAttempt);
    const delayMs = Math.max(
      backoffDelayMs(this.#options, this.#attempt, this.#options.random),
      error.retryAfterMs,
    );
    this.#attempt += 1;
    return { kind: 'retry', delayMs, newToken: advice === 'new-token' };
  }

  #advice(code: number): AfterClose {
    const advice = afterClose(code);
    if (advice !== 'new-token' || code === CloseCode.SIGN_IN_TIMEOUT) return advice;
    this.#refusedTokens += 1;
    const another = this.#options.tokenRenewable && this.#refusedTokens <= maxRefusedTokens;
    return another ? advice : 'stop';
  }
}
