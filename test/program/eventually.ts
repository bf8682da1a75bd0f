import { setTimeout as delay } from 'node:timers/promises';

const intervalMs = 20;

/**
 * Looks again and again until something is there, and gives it. For what another program does without telling. Rejects after
 * `withinMs`, with the last error where looking threw.
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs: number,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  let cause: unknown;
  do {
    try {
      const found = await look();
      if (found !== undefined) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await delay(intervalMs);
  } while (performance.now() < untilMs);
  throw new Error(`not within ${withinMs} ms: ${what}`, { cause });
}
