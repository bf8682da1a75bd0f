import { createSecretKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Clock, systemClock } from '../shared/clock.ts';
import { isId } from '../shared/ids.ts';
import { ErrorCode, SignalError } from '../shared/signal-error.ts';

/** Rights in a room. None named: what the room's policy says. One named: those not named are refused. */
export type PermissionClaims = Partial<Record<'publish' | 'subscribe' | 'chat' | 'relay' | 'host', boolean>>;

export interface TokenIssuerOptions {
  /** The secret for HS256, at least 32 bytes. */
  readonly secret: string;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** The claim that the user id goes into. Default: `sub`. */
  readonly userIdClaim?: string;
  readonly clock?: Clock;
}

export interface SessionTokenRequest {
  readonly userId: string;
  readonly displayName?: string | undefined;
  readonly avatarUrl?: string | undefined;
  /** Absent: `join`. */
  readonly scopes?: readonly ('join' | 'list' | 'operate' | 'service')[] | undefined;
  /** Grants by room id; `*` stands for every room. */
  readonly rooms?: Readonly<Record<string, PermissionClaims>> | undefined;
  readonly sessions?: 'multiple' | 'replace' | 'refuse' | undefined;
  /** The reconnection window to ask for, in milliseconds. */
  readonly windowMs?: number | undefined;
  /** How long the token holds, in seconds. Below 0: it has expired already. */
  readonly expiresInS: number;
}

export interface JoinTokenRequest {
  readonly roomId: string;
  /** The only user that it is for. Absent: whoever holds it. */
  readonly userId?: string | undefined;
  readonly permissions?: PermissionClaims | undefined;
  /** How long the token holds, in seconds. Below 0: it has expired already. */
  readonly expiresInS: number;
}

const minSecretBytes = 32;

/**
 * Signs session tokens and join tokens by HS256, with the claims that `docs/tokens.md` names. Throws `SignalError`
 * INVALID_ARGUMENT for a short secret, and for ids that a server would refuse.
 */
export class TokenIssuer {
  readonly #key: KeyObject;
  readonly #options: TokenIssuerOptions;
  readonly #clock: Clock;

  constructor(options: TokenIssuerOptions) {
    const secret = Buffer.from(options.secret, 'utf8');
    if (secret.length < minSecretBytes) {
      throw invalid(`the secret is ${secret.length} bytes, the minimum is ${minSecretBytes}`);
    }
    this.#key = createSecretKey(secret);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async sessionToken(request: SessionTokenRequest): Promise<string> {
    checkId(request.userId, 'user id');
    for (const roomId of Object.keys(request.rooms ?? {})) if (roomId !== '*') checkId(roomId, 'room id');
    const { rooms, sessions, windowMs } = request;
    const claims = {
      [this.#options.userIdClaim ?? 'sub']: request.userId,
      name: request.displayName,
      picture: request.avatarUrl,
      scope: request.scopes?.join(' '),
      parley: rooms || sessions || windowMs !== undefined ? { rooms, sessions, windowMs } : undefined,
      aud: this.#options.audience,
    };
    return this.#sign(claims, request.expiresInS);
  }

  async joinToken(request: JoinTokenRequest): Promise<string> {
    checkId(request.roomId, 'room id');
    if (request.userId !== undefined) checkId(request.userId, 'user id');
    const { roomId: room, userId: sub, permissions } = request;
    return this.#sign({ room, sub, permissions, aud: 'parley-join' }, request.expiresInS);
  }

  #sign(claims: Record<string, unknown>, expiresInS: number): Promise<string> {
    const nowS = Math.floor(this.#clock.now() / 1000);
    const present = Object.entries({ iss: this.#options.issuer, ...claims }).filter(
      ([, value]) => value !== undefined,
    );
    return new SignJWT(Object.fromEntries(present))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + expiresInS)
      .sign(this.#key);
  }
}

function checkId(text: string, what: string): void {
  if (!isId(text))
    throw invalid(`${what} ${JSON.stringify(text)} is not 1 to 128 characters of A-Z a-z 0-9 . _ ~ -`);
}

function invalid(message: string): SignalError {
  return new SignalError(ErrorCode.INVALID_ARGUMENT, message);
}
