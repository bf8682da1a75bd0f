import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';

/**
 * The refusal when the Directory gave no answer that can be used. `passedDeadlineMs`: it gave none in this time. The message
 * holds nothing of what the Directory said.
 */
export function directoryUnavailable(passedDeadlineMs: number | undefined, cause: unknown): SignalError {
  const message =
    passedDeadlineMs === undefined
      ? 'the Directory can not be asked for the moment'
      : `the Directory did not answer within ${passedDeadlineMs} ms`;
  return new SignalError(ErrorCode.DIRECTORY_UNAVAILABLE, message, { cause });
}
