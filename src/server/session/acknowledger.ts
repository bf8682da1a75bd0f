import type { Clock } from '../../shared/clock.ts';

/** Who has successes to acknowledge. */
export interface Acknowledging {
  acknowledge(): void;
}

/** Looks in the time that one may wait. */
const looks = 4;

/**
 * Lets acknowledgements wait for others to go with them: one timer for all sessions of a node, so that a session that is
 * always busy costs no timer of its own.
 */
export class Acknowledger {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  /** Those that asked, each with the look at which its time has come, in that order. */
  readonly #asked = new Map<Acknowledging, number>();
  #look = 0;
  #cancel: (() => void) | undefined;

  /** `withinMs`: how long one waits at most, in milliseconds, and three quarters of that at least. */
  constructor(clock: Clock, withinMs: number) {
    this.#clock = clock;
    this.#intervalMs = withinMs / looks;
  }

  /** Calls `acknowledge` when its time has come; asked again before, it is called once. */
  soon(session: Acknowledging): void {
    if (!this.#asked.has(session)) this.#asked.set(session, this.#look + looks);
    this.#cancel ??= this.#next();
  }

  /** It was acknowledged already, or is gone. */
  forget(session: Acknowledging): void {
    this.#asked.delete(session);
  }

  stop(): void {
    this.#cancel?.();
  }

  #next(): () => void {
    return this.#clock.after(this.#intervalMs, () => {
      this.#look++;
      for (const [session, due] of this.#asked) {
        if (due > this.#look) break;
        this.#asked.delete(session);
        session.acknowledge();
      }
      this.#cancel = this.#asked.size > 0 ? this.#next() : undefined;
    });
  }
}
