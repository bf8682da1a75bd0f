import { errors } from 'jose';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';

/** TOKEN_INVALID with a message that names the fault. */
export function tokenFault(fault: string, cause?: unknown): SignalError {
  return new SignalError(ErrorCode.TOKEN_INVALID, `token refused: ${fault}`, { cause });
}

/** What jose threw, as a `SignalError`. */
export function faultOf(thrown: unknown, algorithms: readonly string[]): SignalError {
  if (thrown instanceof SignalError) return thrown;
  if (thrown instanceof errors.JWTClaimValidationFailed)
    return tokenFault(claimFault(thrown.claim, thrown.reason));
  return tokenFault(formFault(thrown, algorithms), thrown);
}

function claimFault(claim: string, reason: string): string {
  if (reason === 'missing') return `claim ${claim} is missing`;
  if (reason === 'invalid') return `claim ${claim} must be a number`;
  if (claim === 'iss') return 'the issuer (claim iss) is not the expected one';
  if (claim === 'nbf') return 'it is not valid yet (claim nbf)';
  return `claim ${claim} is not as expected`;
}

function formFault(thrown: unknown, algorithms: readonly string[]): string {
  if (thrown instanceof errors.JOSEAlgNotAllowed) {
    return `its algorithm is not accepted, only ${algorithms.join(', ')}`;
  }
  if (thrown instanceof errors.JWSSignatureVerificationFailed) return 'the signature does not fit';
  if (thrown instanceof errors.JWKSNoMatchingKey)
    return 'no key of the key set fits its key id and algorithm';
  if (thrown instanceof errors.JWSInvalid || thrown instanceof errors.JWTInvalid)
    return 'it is not a signed JWT';
  if (thrown instanceof errors.JOSENotSupported) return 'its header asks for something that is not supported';
  return "it can't be checked with the configured key";
}
