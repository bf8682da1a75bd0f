import { ErrorCode } from '../../gen/parley/signal/v1/error_pb.ts';

export { ErrorCode };

/** Codes whose requests may succeed later without a change. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.UNAVAILABLE,
  ErrorCode.DEADLINE_EXCEEDED,
  ErrorCode.RATE_LIMITED,
  ErrorCode.NOT_APPLIED,
  ErrorCode.DIRECTORY_UNAVAILABLE,
  ErrorCode.MEDIA_UNAVAILABLE,
  ErrorCode.CHAT_UNAVAILABLE,
]);

export interface SignalErrorDetails {
  /** JOIN_DENIED: the reason that the policy gave, fit to show. */
  readonly reason?: string;
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Names the line in the server's log. */
  readonly correlationId?: string;
  /** What it came from. Stays on this side: never sent, never in `message`. */
  readonly cause?: unknown;
}

/**
 * The one error of Parley, on both sides of the wire. Programs decide by `code` and `retryable`; `message` says in English
 * what was wrong and what the limit is.
 */
export class SignalError extends Error {
  override readonly name = 'SignalError';
  readonly code: ErrorCode;
  /** Whether the same request may succeed later without a change. */
  readonly retryable: boolean;
  readonly reason: string;
  readonly retryAfterMs: number;
  readonly correlationId: string;

  constructor(code: ErrorCode, message: string, details: SignalErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.retryable = retryableCodes.has(code);
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs ?? 0;
    this.correlationId = details.correlationId ?? '';
  }

  /** The code as it stands in the schema, without its prefix: `PEER_NOT_FOUND`. */
  get codeName(): string {
    return codeName(this.code);
  }

  /** Any thrown value as a SignalError: itself, or INTERNAL with the value as hidden cause. */
  static from(thrown: unknown): SignalError {
    if (thrown instanceof SignalError) return thrown;
    return new SignalError(ErrorCode.INTERNAL, 'the server failed', { cause: thrown });
  }
}

const namesByCode = new Map<ErrorCode, string>(Object.entries(ErrorCode).map(([name, code]) => [code, name]));

/** A code as it stands in the schema, without its prefix; a code from a newer server as its number. */
export function codeName(code: ErrorCode): string {
  return namesByCode.get(code) ?? String(code);
}
