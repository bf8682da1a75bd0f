import type { Error as ErrorMessage } from '../../../gen/parley/signal/v1/error_pb.ts';
import { afterClose, CloseCode, closeCodesByError } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/** A refusal of the server, as the caller gets it. */
export function receivedError(message: ErrorMessage | undefined): SignalError {
  if (message === undefined) return new SignalError(ErrorCode.INTERNAL, 'the server gave no reason');
  const { code, reason, retryAfterMs, correlationId } = message;
  return new SignalError(code, message.message, { reason, retryAfterMs, correlationId });
}

const codesByClose: ReadonlyMap<number, ErrorCode> = new Map<number, ErrorCode>([
  ...Array.from(closeCodesByError, ([error, close]) => [close, error] as const),
  [CloseCode.SIGN_IN_TIMEOUT, ErrorCode.UNAUTHENTICATED],
  [CloseCode.PROTOCOL_VIOLATION, ErrorCode.MALFORMED_FRAME],
]);

/** The session is over, and a new one by itself would do harm: two clients that replace each other would do so for ever. */
const endings: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.STALE_SESSION,
  ErrorCode.SESSION_REPLACED,
  ErrorCode.SIGNED_OUT,
  ErrorCode.KICKED,
]);

/** Whether a client that was told this must not come back by itself. */
export function endsSession({ code }: SignalError): boolean {
  return endings.has(code);
}

/** Why a connection ended: what the server said before the close, unless the close itself says that the session is over. */
export function lossError(code: number, reason: string, said: SignalError | undefined): SignalError {
  const closed = closeError(code, reason);
  return said === undefined || (endsSession(closed) && said.code !== closed.code) ? closed : said;
}

/** What a close means by itself. */
function closeError(code: number, reason: string): SignalError {
  const known = codesByClose.get(code);
  const errorCode =
    known ?? (afterClose(code) === 'stop' ? ErrorCode.MALFORMED_FRAME : ErrorCode.UNAVAILABLE);
  return new SignalError(
    errorCode,
    `the connection was closed with ${code}${reason === '' ? '' : `: ${reason}`}`,
  );
}
