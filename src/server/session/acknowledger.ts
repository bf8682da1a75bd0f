import type { Clock } from '../../shared/clock.ts';

/** Who has successes to acknowledge. */
export interface Acknowledging {
  acknowledge(): void;
}

/**
 * Lets acknowledgements wait for others to go with them: one timer for all sessions of a node, so that a session that is
 * always busy costs no timer of its own.
 */
export class Acknowledger {
  readonly #clock: Clock;
  readonly #withinMs: number;
  /** Those that asked, each with the moment by which it is to be acknowledged, by the monotonic clock; in that order. */
  readonly #asked = new Map<Acknowledging, number>();
  #cancel: (() => void) | undefined;

  /** `withinMs`: how long one waits at most, in milliseconds, and three quarters of that at least. */
  constructor(clock: Clock, withinMs: number) {
    this.#clock = clock;
    this.#withinMs = withinMs;
  }

  /** Calls `acknowledge` when its time has come; asked again before, it is called once. */
  soon(session: Acknowledging): void {
    if (this.#asked.has(session)) return;
    this.#asked.set(session, this.#clock.monotonicMs() + this.#withinMs);
    this.#cancel ??= this.#clock.after(this.#withinMs, this.#look);
  }

  /** It was acknowledged already, or is gone. */
  forget(session: Acknowledging): void {
    this.#asked.delete(session);
  }

  stop(): void {
    this.#cancel?.();
  }

  readonly #look = (): void => {
    const nowMs = this.#clock.monotonicMs();
    for (const [session, byMs] of this.#asked) {
      // Whose time is near goes along.
      if (byMs > nowMs + this.#withinMs / 4) {
        this.#cancel = this.#clock.after(byMs - nowMs, this.#look);
        return;
      }
      this.#asked.delete(session);
      session.acknowledge();
    }
    this.#cancel = undefined;
  };
}
