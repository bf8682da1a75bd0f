import type { Clock } from '../../shared/clock.ts';
import { looksToOverrun, type WaitingRequest } from './request-book.ts';
import type { Session } from './session.ts';

/**
 * Finds the requests that take longer than they may: one timer for all sessions of a node, which looks at those that wait
 * for something. A request is found between its time and a quarter more.
 */
export class OverrunWatch {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #onOverrun: (session: Session, overrun: WaitingRequest) => void;
  readonly #sessions = new Set<Session>();
  #cancel: (() => void) | undefined;

  constructor(
    timeoutMs: number,
    clock: Clock,
    onOverrun: (session: Session, overrun: WaitingRequest) => void,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#onOverrun = onOverrun;
  }

  /** Looks at a session until nothing of it waits any more. */
  add(session: Session): void {
    this.#sessions.add(session);
    this.#cancel ??= this.#next();
  }

  stop(): void {
    this.#cancel?.();
    this.#sessions.clear();
  }

  #next(): () => void {
    return this.#clock.after(this.#timeoutMs / looksToOverrun, () => {
      for (const session of this.#sessions) {
        for (const overrun of session.requests.look()) this.#onOverrun(session, overrun);
        if (!session.requests.isWaiting) this.#sessions.delete(session);
      }
      this.#cancel = this.#sessions.size > 0 ? this.#next() : undefined;
    });
  }
}
