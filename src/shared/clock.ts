/** Time as a part of the program sees it; a test passes its own. */
export interface Clock {
  /** Milliseconds since 1970, for what people read. */
  now(): number;
  /** Milliseconds from a fixed moment, never set back: for durations. */
  monotonicMs(): number;
  /** Calls back once after a delay; the returned function takes it back. Does not keep the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    // A number in browsers, an object in Node.
    (timer as unknown as { unref?: () => void }).unref?.();
    return () => clearTimeout(timer);
  },
};
