import { randomBytes } from 'node:crypto';
import type { TokenIssuer } from './token-issuer.ts';

const holdsForS = 12 * 3600;

/** Session tokens for whoever gives a name: development only. Two people of one name are two users. */
export class DevelopmentTokens {
  readonly #issuer: TokenIssuer;

  constructor(issuer: TokenIssuer) {
    this.#issuer = issuer;
  }

  /** For this user, or for a new one. Rejects with INVALID_ARGUMENT for a user id that is none. */
  async issue(
    name: string,
    userId = newUserId(name),
  ): Promise<{ readonly token: string; readonly userId: string }> {
    const token = await this.#issuer.sessionToken({ userId, displayName: name, expiresInS: holdsForS });
    return { token, userId };
  }
}

function newUserId(name: string): string {
  const readable = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase();
  return `${readable.slice(0, 40) || 'guest'}-${randomBytes(4).toString('hex')}`;
}
