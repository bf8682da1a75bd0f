import { SignalError } from '../shared/signal-error.ts';

/** An error as the log writes it. */
export interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

const maxCauses = 4;

/**
 * What the log says of a thrown value, its causes included. Only these fields: errors of libraries carry whole requests
 * and claims as properties of their own.
 */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: describe(thrown) };
  const code =
    thrown instanceof SignalError ? thrown.codeName : 'code' in thrown ? describe(thrown.code) : undefined;
  const { cause } = thrown;
  return {
    type: thrown.name,
    message: thrown.message,
    ...(code !== undefined && { code }),
    ...(thrown.stack !== undefined && { stack: thrown.stack }),
    ...(cause !== undefined && depth < maxCauses && { cause: serializeError(cause, depth + 1) }),
  };
}

function describe(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number'
    ? String(value)
    : Object.prototype.toString.call(value);
}
