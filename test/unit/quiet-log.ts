import type { Log } from '../../src/server/port/log.ts';

/** Writes nothing. */
export const quietLog: Log = {
  debugEnabled: false,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quietLog,
  user: (id) => id,
};
