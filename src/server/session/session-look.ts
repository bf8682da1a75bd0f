import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { PersistentCalls } from './persistent-calls.ts';
import type { RoomLosses } from './returning.ts';
import type { Session } from './session.ts';
import type { NotOwn, SessionKeeper } from './session-keeper.ts';

export interface SessionLookOptions {
  /** The sessions that have their connection here. */
  readonly live: () => Iterable<Session>;
  readonly keeper: SessionKeeper;
  readonly rooms: RoomLosses;
  readonly calls: PersistentCalls;
  readonly clock: Clock;
  readonly log: Log;
  /** A session is not this node's any more; its connection may have gone meanwhile. */
  readonly onNotOwn: (session: Session, ownership: NotOwn) => void;
}

/** What to look at: whose the sessions are, or also whether the store still has what their rooms stand on. */
export type LookAt = 'sessions' | 'rooms-too';

/** So many sessions are looked at at once: those of a node are many, and neither it nor the store may stand still for them. */
const atOnce = 128;
/**
 * Whose look takes longer waits for a part of the store that is away, which is some seconds: the next ones need not. Far more than a look
 * takes of a store that is there, and a small part of the lease in which all sessions are to be put back. In milliseconds.
 */
const patienceMs = 100;

/** What is still to be looked at of a session. */
interface Due {
  readonly session: Session;
  at: LookAt;
}

/** Looks over all sessions of this node: whether they are still its own, and whether the store still has what they stand on. */
export class SessionLook {
  readonly #options: SessionLookOptions;
  #asked: LookAt | undefined;
  #isRunning = false;

  constructor(options: SessionLookOptions) {
    this.#options = options;
  }

  /** Begins a look; while one is under way, another follows it. */
  start(at: LookAt): void {
    if (at === 'rooms-too') this.#options.rooms.lossNoticed();
    if (this.#asked !== 'rooms-too') this.#asked = at;
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let at = this.#asked; at !== undefined; at = this.#asked) {
      this.#asked = undefined;
      await this.#lookOver([...this.#options.live()], at);
    }
    this.#isRunning = false;
  }

  /** Those that could not be looked at come again behind the others, until another look is asked for, which has them too. */
  async #lookOver(sessions: readonly Session[], at: LookAt): Promise<void> {
    const { log, calls } = this.#options;
    if (at === 'rooms-too') log.warn('store.may_have_lost', { sessions: sessions.length });
    let left: readonly Due[] = sessions.map((session) => ({ session, at }));
    const look = async () => {
      if (this.#asked !== undefined) return;
      left = await this.#lookOnce(left);
      if (left.length > 0) throw new SignalError(ErrorCode.UNAVAILABLE, 'a part of the store is away');
    };
    await calls.untilHeard(look, () => undefined);
    if (this.#asked !== undefined && left.some((due) => due.at === 'rooms-too')) this.#asked = 'rooms-too';
    log.info('store.looked_over', { sessions: sessions.length - left.length });
  }

  /** Gives those that could not be looked at. */
  async #lookOnce(all: readonly Due[]): Promise<readonly Due[]> {
    const failed: Due[] = [];
    const looks: Promise<void>[] = [];
    const next = all.values();
    const worker = async () => {
      for (const due of next) {
        const look = this.#lookAt(due).then((isHeard) => {
          if (!isHeard) failed.push(due);
        });
        looks.push(look);
        await this.#patience(look);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    await Promise.all(looks);
    return failed;
  }

  /** False: a part of the store that it stands on could not be reached. */
  async #lookAt(due: Due): Promise<boolean> {
    const { session } = due;
    if (!session.connected) return true;
    const { keeper, rooms, onNotOwn } = this.#options;
    try {
      const ownership = await keeper.look(session);
      if (ownership.kind !== 'own') {
        onNotOwn(session, ownership);
        return true;
      }
      // It is not lost any more when it is looked at again.
      if (ownership.wasLost) due.at = 'rooms-too';
      if (due.at !== 'rooms-too') return true;
      // One that can't be reached keeps no other from being put back.
      const looks = Array.from(session.rooms.keys(), (roomId) => rooms.hasLost(session, roomId));
      const failed = (await Promise.allSettled(looks)).find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    } catch (thrown) {
      if (SignalError.from(thrown).retryable) return false;
      session.log.error('session.look', thrown);
    }
    return true;
  }

  /** Resolves when a look is over, or has taken long. */
  #patience(look: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(patienceMs, resolve);
      void look.then(() => {
        cancel();
        resolve();
      });
    });
  }
}
