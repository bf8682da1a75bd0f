import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { Log } from '../../port/log.ts';
import type { Identity, JoinToken, TokenVerifier } from '../../port/token-verifier.ts';
import { type ClaimRules, joinTokenType, readIdentity, readJoinToken } from './token-claims.ts';
import { faultOf, tokenFault } from './token-fault.ts';
import { type TokenKeys, type VerificationKeys, verificationKeys } from './verification-keys.ts';

export interface JoseTokenVerifierOptions {
  readonly keys: TokenKeys;
  /** The accepted algorithms. Absent: the one of the key's type (a key set: RS256, ES256, EdDSA). */
  readonly algorithms?: readonly string[] | undefined;
  /** The issuer that tokens must name. Absent: any. */
  readonly issuer?: string | undefined;
  /** The audience that session tokens must name. Absent: any. */
  readonly audience?: string | undefined;
  /** The claim that holds the user id. */
  readonly userIdClaim: string;
  /** How far the clocks of issuer and server may be apart, in seconds. */
  readonly clockSkewS: number;
  /** Longer reconnection windows that a token asks for are cut to this, in milliseconds. Default: no bound. */
  readonly maxReconnectionWindowMs?: number;
  /** How long fetching a key set may take, in milliseconds: less than a client waits for its sign-in. Default: 3,000. */
  readonly keySetTimeoutMs?: number;
  /** How long after a fetch of the key set an unknown key does not cause another, in milliseconds. Default: 30,000. */
  readonly keySetCooldownMs?: number;
  /** Hears once of each time that the key set can't be fetched, and when it can be again. Absent: nobody does. */
  readonly log?: Pick<Log, 'info' | 'warn'>;
  readonly clock?: Clock;
}

/** As the schema bounds the field of the frame that carries a token. */
const maxTokenBytes = 16_384;

/**
 * Checks JWTs with jose: the signature by a secret, a public key or a key set, then the claims that `docs/tokens.md` names.
 * The constructor throws `SignalError` INVALID_ARGUMENT for keys that can't be used as configured.
 */
export class JoseTokenVerifier implements TokenVerifier {
  readonly #keys: VerificationKeys;
  readonly #rules: ClaimRules;
  readonly #options: JWTVerifyOptions;
  readonly #clock: Clock;

  constructor(options: JoseTokenVerifierOptions) {
    if (options.audience === joinTokenType) {
      throw new SignalError(
        ErrorCode.INVALID_ARGUMENT,
        `the audience ${joinTokenType} is kept for join tokens`,
      );
    }
    this.#clock = options.clock ?? systemClock;
    this.#keys = verificationKeys(options.keys, options.algorithms, {
      timeoutMs: options.keySetTimeoutMs ?? 3_000,
      cooldownMs: options.keySetCooldownMs ?? 30_000,
      clock: this.#clock,
      log: options.log,
    });
    const { userIdClaim, clockSkewS } = options;
    this.#rules = {
      userIdClaim,
      clockSkewS,
      maxReconnectionWindowMs: options.maxReconnectionWindowMs ?? Infinity,
      ...(options.audience !== undefined && { audience: options.audience }),
    };
    this.#options = {
      algorithms: [...this.#keys.algorithms],
      clockTolerance: clockSkewS,
      ...(options.issuer !== undefined && { issuer: options.issuer }),
    };
  }

  verify(token: string): Promise<Identity> {
    return this.#read(token, readIdentity);
  }

  verifyJoinToken(token: string): Promise<JoinToken> {
    return this.#read(token, readJoinToken);
  }

  async #read<T>(token: string, readClaims: (claims: JWTPayload, rules: ClaimRules) => T): Promise<T> {
    const { claims, expired } = await this.#authenticate(token);
    // The claims come first: only a token that was good is told that it expired.
    const result = readClaims(claims, this.#rules);
    if (expired) throw new SignalError(ErrorCode.TOKEN_EXPIRED, 'token refused: it has expired (claim exp)');
    return result;
  }

  /** The claims of a token whose signature fits. */
  async #authenticate(token: string): Promise<{ claims: JWTPayload; expired: boolean }> {
    if (token === '') throw tokenFault('it is empty');
    if (token.length > maxTokenBytes) {
      throw tokenFault(`it is ${token.length} bytes, the limit is ${maxTokenBytes}`);
    }
    const options = { ...this.#options, currentDate: new Date(this.#clock.now()) };
    try {
      const { payload } = await this.#verifyWithAny(token, options);
      return { claims: payload, expired: false };
    } catch (thrown) {
      if (thrown instanceof errors.JWTExpired) return { claims: thrown.payload, expired: true };
      throw faultOf(thrown, this.#keys.algorithms);
    }
  }

  /** A token that names no key id may fit several keys of a set: each is tried. */
  async #verifyWithAny(token: string, options: JWTVerifyOptions): Promise<{ payload: JWTPayload }> {
    try {
      return await jwtVerify(token, this.#keys.key, options);
    } catch (thrown) {
      if (!(thrown instanceof errors.JWKSMultipleMatchingKeys)) throw thrown;
      for await (const key of thrown) {
        try {
          return await jwtVerify(token, key, options);
        } catch (unfit) {
          if (!(unfit instanceof errors.JWSSignatureVerificationFailed)) throw unfit;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}
