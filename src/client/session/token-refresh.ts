import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { expectResult } from './request.ts';
import type { RequestLedger } from './request-ledger.ts';
import type { SessionListener } from './session-listener.ts';
import type { TokenSource } from './token-source.ts';

export interface TokenRefreshOptions {
  readonly clock: Clock;
  readonly ledger: RequestLedger;
  readonly tokens: TokenSource;
  readonly listener: Pick<SessionListener, 'onError'>;
}

const retryBackoff = { firstDelayMs: 1_000, maxDelayMs: 10_000 };

/** Replaces the token of a live connection, before it expires. One at a time. */
export class TokenRefresh {
  readonly #options: TokenRefreshOptions;
  #isWanted = false;
  #isUnderway = false;
  #cancelRetry = () => {};

  constructor(options: TokenRefreshOptions) {
    this.#options = options;
  }

  /** Gets a new token, if there is one to be had, and tells the server. What may succeed later is tried again until `stop`. */
  start(): void {
    if (!this.#options.tokens.renewable) return;
    this.#isWanted = true;
    this.#cancelRetry();
    if (!this.#isUnderway) void this.#try(0);
  }

  /** The connection is over: the next one signs in with a token that holds. */
  stop(): void {
    this.#isWanted = false;
    this.#cancelRetry();
  }

  async #try(attempt: number): Promise<void> {
    this.#isUnderway = true;
    try {
      await this.#refresh();
      this.#isWanted = false;
    } catch (thrown) {
      this.#failed(SignalError.from(thrown), attempt);
    } finally {
      this.#isUnderway = false;
    }
  }

  async #refresh(): Promise<void> {
    const { tokens, ledger } = this.#options;
    const token = await tokens.renew();
    const body = { case: 'refreshToken', value: { token } } as const;
    const result = await ledger.request(body, { outlives: 'connection', urgent: true });
    tokens.expiresAtMs = Number(expectResult(result, 'tokenRefreshed').tokenExpiresAtMs);
  }

  #failed(error: SignalError, attempt: number): void {
    const { clock, tokens, listener } = this.#options;
    // A token function that failed once may do better: whatever it threw, a new sign-in would ask it again too.
    const mayPass = error.retryable || error.code === ErrorCode.UNAUTHENTICATED;
    if (!mayPass) tokens.discard();
    if (!this.#isWanted) return;
    listener.onError(error);
    if (!mayPass) return;
    const delayMs = Math.max(backoffDelayMs(retryBackoff, attempt), error.retryAfterMs);
    this.#cancelRetry = clock.after(delayMs, () => void this.#try(attempt + 1));
  }
}
