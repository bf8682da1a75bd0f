import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/** The promise's outcome, or DEADLINE_EXCEEDED when it has none in time. `what` is named in the message. */
export async function withDeadline<T>(
  promise: Promise<T>,
  timeoutMs: number,
  clock: Clock,
  what: string,
): Promise<T> {
  let cancel = () => {};
  const deadline = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(timeoutMs, () =>
      reject(new SignalError(ErrorCode.DEADLINE_EXCEEDED, `${what} took longer than ${timeoutMs} ms`)),
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    cancel();
  }
}
