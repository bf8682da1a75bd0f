import type { Error as ErrorMessage } from '../../../gen/parley/signal/v1/error_pb.ts';
import { afterClose, CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/** A refusal of the server, as the caller gets it. */
export function receivedError(message: ErrorMessage | undefined): SignalError {
  if (message === undefined) return new SignalError(ErrorCode.INTERNAL, 'the server gave no reason');
  const { code, reason, retryAfterMs, correlationId } = message;
  return new SignalError(code, message.message, { reason, retryAfterMs, correlationId });
}

const codesByClose: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  [CloseCode.TOKEN_INVALID, ErrorCode.TOKEN_INVALID],
  [CloseCode.TOKEN_EXPIRED, ErrorCode.TOKEN_EXPIRED],
  [CloseCode.SIGN_IN_TIMEOUT, ErrorCode.UNAUTHENTICATED],
  [CloseCode.REPLACED_BY_SAME_SESSION, ErrorCode.STALE_SESSION],
  [CloseCode.REPLACED_BY_NEW_SESSION, ErrorCode.STALE_SESSION],
  [CloseCode.SESSION_REFUSED, ErrorCode.SESSION_REFUSED],
  [CloseCode.KICKED, ErrorCode.KICKED],
  [CloseCode.SIGNED_OUT, ErrorCode.STALE_SESSION],
  [CloseCode.PROTOCOL_VIOLATION, ErrorCode.MALFORMED_FRAME],
]);

/** What a close means where the server said nothing before it. */
export function closeError(code: number, reason: string): SignalError {
  const known = codesByClose.get(code);
  const errorCode =
    known ?? (afterClose(code) === 'stop' ? ErrorCode.MALFORMED_FRAME : ErrorCode.UNAVAILABLE);
  return new SignalError(
    errorCode,
    `the connection was closed with ${code}${reason === '' ? '' : `: ${reason}`}`,
  );
}
