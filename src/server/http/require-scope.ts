import type { FastifyRequest } from 'fastify';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Scope, TokenVerifier } from '../port/token-verifier.ts';

/** A hook that lets a request pass whose token, by Bearer header or cookie, has one of the scopes. */
export function requireScope(
  verifier: TokenVerifier,
  ...scopes: readonly Scope[]
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const token = bearerToken(request.headers.authorization) ?? request.cookies['access_token'] ?? '';
    if (token === '') {
      throw new SignalError(
        ErrorCode.UNAUTHENTICATED,
        'a token is needed: in the header Authorization (Bearer) or the cookie access_token',
      );
    }
    const identity = await verifier.verify(token);
    if (scopes.some((scope) => identity.scopes.has(scope))) return;
    throw new SignalError(ErrorCode.PERMISSION_DENIED, `a token with scope ${scopes.join(' or ')} is needed`);
  };
}

/** The token of a header `Authorization: Bearer`. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}
