import { setTimeout as sleep } from 'node:timers/promises';

/** A promise with a deadline: rejects with `late()` when it has not settled after `ms` milliseconds. */
export async function within<T>(ms: number, promise: Promise<T>, late: () => Error): Promise<T> {
  const timer = new AbortController();
  const deadline = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw late();
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    timer.abort();
  }
}
