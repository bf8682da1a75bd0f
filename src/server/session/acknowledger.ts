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
  readonly #tickMs: number;
  /** Those that asked since the last tick, and those that asked before it: their time has come at the next. */
  #asked = new Set<Acknowledging>();
  #due = new Set<Acknowledging>();
  #cancel: (() => void) | undefined;

  /** `withinMs`: how long one waits at most, in milliseconds, and half of that at least. */
  constructor(clock: Clock, withinMs: number) {
    this.#clock = clock;
    this.#tickMs = withinMs / 2;
  }

  /** Calls `acknowledge` when its time has come; asked again before, it is called once. */
  soon(session: Acknowledging): void {
    if (!this.#due.has(session)) this.#asked.add(session);
    this.#cancel ??= this.#next();
  }

  /** It was acknowledged already, or is gone. */
  forget(session: Acknowledging): void {
    this.#asked.delete(session);
    this.#due.delete(session);
  }

  stop(): void {
    this.#cancel?.();
  }

  #next(): () => void {
    return this.#clock.after(this.#tickMs, () => {
      const due = this.#due;
      this.#due = this.#asked;
      this.#asked = new Set();
      for (const session of due) session.acknowledge();
      this.#cancel = this.#due.size > 0 ? this.#next() : undefined;
    });
  }
}
