import { type Clock, systemClock } from '../shared/clock.ts';

/**
 * The client's clock unless another is given. Unlike the server's, its timers keep a Node process alive: a program whose only
 * work is this client must not end while the client waits to reconnect. `close()` clears them all.
 */
export const clientClock: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
