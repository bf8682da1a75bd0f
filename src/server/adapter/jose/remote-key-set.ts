import {
  type CryptoKey,
  createRemoteJWKSet,
  errors,
  type FlattenedJWSInput,
  type JWTHeaderParameters,
  type RemoteJWKSet,
} from 'jose';
import type { Clock } from '../../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { Log } from '../../port/log.ts';

export interface RemoteKeySetOptions {
  /** How long a fetch may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long after a fetch, or a try at one, there is no other while there are keys, in milliseconds. */
  readonly cooldownMs: number;
  readonly clock: Clock;
  /** Hears once of each time that the set can't be fetched, and when it can be again. Absent: nobody does. */
  readonly log?: Pick<Log, 'info' | 'warn'> | undefined;
}

/** Keys that were fetched this long ago are fetched again before they are used. */
const maxAgeMs = 600_000;
/** While that fails they stay in use until they are this old. */
const maxAgeWhileAwayMs = 24 * 3_600_000;

/**
 * A JSON Web Key Set at a URL, fetched when it is asked for keys that are ten minutes old. Each set that was fetched replaces
 * the one before: a key that is not in it is not good any more. While the URL does not answer the keys stay good, for a day.
 */
export class RemoteKeySet {
  readonly #options: RemoteKeySetOptions;
  readonly #set: RemoteJWKSet;
  #fetchedAtMs = -Infinity;
  #triedAtMs = -Infinity;
  #isAway = false;
  #underway: Promise<void> | undefined;

  constructor(url: string, options: RemoteKeySetOptions) {
    this.#options = options;
    this.#set = createRemoteJWKSet(new URL(url), {
      timeoutDuration: options.timeoutMs,
      // When to fetch is decided here: left to itself, the set drops its keys by age, before it knows of others.
      cacheMaxAge: Infinity,
      cooldownDuration: Infinity,
    });
  }

  /**
   * The key that a token's header names. Rejects with `JWKSNoMatchingKey` or `JWKSMultipleMatchingKeys` of jose, and with
   * `SignalError` UNAVAILABLE when the keys can't be had.
   */
  async find(header: JWTHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    await this.#keepFresh();
    try {
      return await this.#set(header, token);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSNoMatchingKey)) throw findFault(thrown);
      // The key may be newer than the set.
      if (!this.#isCoolingDown()) await this.#fetch();
      else if (this.#isAway) throw unavailable(thrown);
      else throw thrown;
    }
    return this.#set(header, token).catch((thrown: unknown) => {
      throw findFault(thrown);
    });
  }

  async #keepFresh(): Promise<void> {
    const ageMs = this.#options.clock.monotonicMs() - this.#fetchedAtMs;
    if (ageMs < maxAgeMs) return;
    if (ageMs >= maxAgeWhileAwayMs) {
      await this.#fetch();
      return;
    }
    if (this.#isCoolingDown()) return;
    const fetched = this.#fetch().catch(() => undefined);
    // Where the last try failed, this one may too: nobody waits for it.
    if (!this.#isAway) await fetched;
  }

  #isCoolingDown(): boolean {
    return this.#options.clock.monotonicMs() - this.#triedAtMs < this.#options.cooldownMs;
  }

  /** Fetches the set; whoever asks while somebody does shares that fetch. */
  #fetch(): Promise<void> {
    this.#underway ??= this.#load().finally(() => {
      this.#underway = undefined;
    });
    return this.#underway;
  }

  async #load(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await this.#set.reload();
      this.#fetchedAtMs = clock.monotonicMs();
      if (this.#isAway) log?.info('auth.key_set_back');
      this.#isAway = false;
    } catch (cause) {
      if (!this.#isAway)
        log?.warn('auth.key_set_away', { fault: cause instanceof Error ? cause.message : '' });
      this.#isAway = true;
      throw unavailable(cause);
    } finally {
      this.#triedAtMs = clock.monotonicMs();
    }
  }
}

/** jose's own words on a token that fits no key or several; all else is a fault of the set. */
function findFault(thrown: unknown): unknown {
  const isOfToken =
    thrown instanceof errors.JWKSNoMatchingKey || thrown instanceof errors.JWKSMultipleMatchingKeys;
  return isOfToken ? thrown : unavailable(thrown);
}

function unavailable(cause: unknown): SignalError {
  return new SignalError(ErrorCode.UNAVAILABLE, "the keys that tokens are checked with can't be had", {
    cause,
  });
}
