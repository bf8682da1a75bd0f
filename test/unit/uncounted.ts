import type { Metrics } from '../../src/server/port/metrics.ts';

/** Counts nothing. */
export const uncounted: Metrics = {
  handled: () => undefined,
  relayed: () => undefined,
  refused: () => undefined,
  resumedRoom: () => undefined,
  disconnected: () => undefined,
};
