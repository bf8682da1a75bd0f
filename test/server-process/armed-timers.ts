import { createHook } from 'node:async_hooks';

const armed = new Set<number>();

// `process.getActiveResourcesInfo()` knows only the timers that keep a process alive, and none of the server's do. A hook sees all:
// Node tells it of each when it is armed, and when it has fired for the last time or was cleared.
createHook({
  init(id, type) {
    if (type === 'Timeout') armed.add(id);
  },
  destroy(id) {
    armed.delete(id);
  },
  trackPromises: false,
}).enable();

/** How many timers this process waits for now, of those that were armed since this module was loaded; intervals too. */
export function armedTimers(): number {
  return armed.size;
}
