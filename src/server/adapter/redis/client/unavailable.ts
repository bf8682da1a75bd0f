import { ErrorCode, SignalError } from '../../../../shared/signal-error.ts';
import { RedisFault } from './redis-fault.ts';

/** What a call ends with that could not be done in its time. */
export function unavailable(cause: Error): SignalError {
  const isRefusal = cause instanceof RedisFault && cause.isRefusal;
  const message = isRefusal ? 'the store takes no writes for now' : 'the store can not be reached';
  return new SignalError(ErrorCode.UNAVAILABLE, message, { cause });
}

/** What it ends with once its client is closed. */
export function closed(): SignalError {
  return unavailable(new Error('the client is closed'));
}
