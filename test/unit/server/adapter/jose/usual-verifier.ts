import { readConfig } from '../../../../../src/process/config.ts';
import {
  JoseTokenVerifier,
  type JoseTokenVerifierOptions,
} from '../../../../../src/server/adapter/jose/jose-token-verifier.ts';

const { userIdClaim, clockSkewS } = readConfig({}).auth;

/** A verifier with these keys that a server without settings would have, but for `more`. */
export function usualVerifier(
  keys: JoseTokenVerifierOptions['keys'],
  more: Partial<JoseTokenVerifierOptions> = {},
): JoseTokenVerifier {
  return new JoseTokenVerifier({ userIdClaim, clockSkewS, keys, ...more });
}
