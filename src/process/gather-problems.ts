import { ConfigError } from './config-error.ts';

/**
 * Waits for everything that reads what the settings point to, and gives what each gave. Rejects with one `ConfigError` that
 * has the problems of all of them, or with the first failure of another kind.
 */
export async function gatherProblems<const T extends readonly Promise<unknown>[]>(
  readings: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const problems = await Promise.all(
    readings.map((reading) =>
      reading.then(
        () => [],
        (failure: unknown) => {
          if (failure instanceof ConfigError) return failure.problems;
          throw failure;
        },
      ),
    ),
  );
  if (problems.flat().length > 0) throw new ConfigError(problems.flat());
  return await Promise.all(readings);
}
