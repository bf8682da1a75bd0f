import { create } from '@bufbuild/protobuf';
import { GoAwaySchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import { controlFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import { type MovePace, MovePlan } from './move-plan.ts';
import type { Session } from './session.ts';

export interface DrainOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly pace: MovePace;
  /** Closes the connection of a session that has not moved by its time. */
  readonly close: (session: Session) => void;
}

/** Has the clients of a node move to others: tells each when, and closes those that are still there when their time is over. */
export class Drain {
  readonly #options: DrainOptions;
  /** Who is still there, with when it is closed, by the monotonic clock; the first to be closed stands first. */
  readonly #left = new Map<Session, number>();
  readonly #startedAtMs: number;
  #moved = 0;
  #closed = 0;
  #cancel: () => void = () => undefined;
  #finish: () => void = () => undefined;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.monotonicMs();
  }

  /** Resolves when none of these is left. Once. */
  async run(sessions: readonly Session[]): Promise<void> {
    const { log, pace } = this.#options;
    const plan = new MovePlan(sessions.length, pace);
    const { clientsPerSecond: perSecond } = plan;
    log.info('drain.start', { clients: sessions.length, perSecond });
    if (perSecond > pace.clientsPerSecond)
      log.warn('drain.hurried', { perSecond, wanted: pace.clientsPerSecond, timeoutMs: pace.timeoutMs });
    for (const [nth, session] of sessions.entries()) {
      this.#left.set(session, this.#startedAtMs + plan.untilMs(nth));
      const value = create(GoAwaySchema, {
        afterMs: plan.afterMs(nth),
        untilMs: plan.untilMs(nth),
        reason: 'the node is stopping',
      });
      session.send(controlFrame({ body: { case: 'goAway', value } }));
    }
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    this.#next();
    await finished;
    const afterMs = Math.round(this.#options.clock.monotonicMs() - this.#startedAtMs);
    log.info('drain.end', { moved: this.#moved, closed: this.#closed, afterMs });
  }

  /** A session has no connection here any more. */
  gone(session: Session): void {
    if (!this.#left.delete(session)) return;
    this.#moved += 1;
    if (this.#left.size === 0) this.#next();
  }

  #next(): void {
    this.#cancel();
    const [untilMs] = this.#left.values();
    if (untilMs === undefined) {
      this.#finish();
      return;
    }
    const { clock } = this.#options;
    this.#cancel = clock.after(Math.max(untilMs - clock.monotonicMs(), 0), () => this.#closeOverdue());
  }

  #closeOverdue(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const [session, untilMs] of this.#left) {
      if (untilMs > nowMs) break;
      this.#left.delete(session);
      this.#closed += 1;
      this.#options.close(session);
    }
    this.#next();
  }
}
