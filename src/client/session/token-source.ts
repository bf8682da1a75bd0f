import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Token } from '../client-options.ts';
import { withDeadline } from './deadline.ts';

/** The token to sign in with: kept until the server or its expiry wants another. */
export class TokenSource {
  readonly #token: Token;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #kept: string | undefined;
  #expiresAtMs = 0;
  #renewing: Promise<string> | undefined;

  constructor(token: Token, timeoutMs: number, clock: Clock) {
    this.#token = token;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Whether asking again may give another token. */
  get renewable(): boolean {
    return typeof this.#token === 'function';
  }

  /** When the kept token expires, in milliseconds since 1970; 0: never. A hint, since the clock is the server's. */
  set expiresAtMs(expiresAtMs: number) {
    this.#expiresAtMs = expiresAtMs;
  }

  /** Asks for a new token next time. */
  discard(): void {
    this.#kept = undefined;
  }

  /** Rejects with UNAUTHENTICATED, retryable or not as what was thrown, when the token function fails. */
  async get(): Promise<string> {
    if (typeof this.#token === 'string') return this.#token;
    const expired = this.#expiresAtMs !== 0 && this.#expiresAtMs <= this.#clock.now();
    if (this.#kept !== undefined && !expired) return this.#kept;
    return await this.renew();
  }

  /** Asks for a new token; who asks meanwhile gets the same, so that none is overtaken by an older one. Rejects as `get`. */
  async renew(): Promise<string> {
    if (typeof this.#token === 'string') return this.#token;
    this.#renewing ??= this.#ask(this.#token).finally(() => {
      this.#renewing = undefined;
    });
    return await this.#renewing;
  }

  async #ask(ask: () => string | Promise<string>): Promise<string> {
    try {
      const asked = Promise.resolve().then(ask);
      this.#kept = await withDeadline(asked, this.#timeoutMs, this.#clock, 'the token function');
      this.#expiresAtMs = 0;
      return this.#kept;
    } catch (thrown) {
      if (thrown instanceof SignalError) throw thrown;
      throw new SignalError(ErrorCode.UNAUTHENTICATED, 'the token function failed', { cause: thrown });
    }
  }
}
