import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { PersistentCalls } from './persistent-calls.ts';
import type { RoomLosses } from './returning.ts';
import type { Session } from './session.ts';
import type { SessionKeeper } from './session-keeper.ts';

export interface LossLookOptions {
  /** The sessions that have their connection here. */
  readonly live: () => Iterable<Session>;
  readonly keeper: SessionKeeper;
  readonly rooms: RoomLosses;
  readonly calls: PersistentCalls;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many sessions are looked at at once: those of a node are many, and neither it nor the store may stand still for them. */
const atOnce = 128;
/**
 * Whose look takes longer waits for a part of the store that is away, which is some seconds: the next ones need not. Far more than a look
 * takes of a store that is there, and a small part of the lease in which all sessions are to be put back. In milliseconds.
 */
const patienceMs = 100;

/** Looks over all sessions of this node, whether the store still has what they stand on. */
export class LossLook {
  readonly #options: LossLookOptions;
  #asked = 0;
  #running: Promise<void> | undefined;

  constructor(options: LossLookOptions) {
    this.#options = options;
  }

  /** Begins a look; while one is under way, another follows it. */
  start(): void {
    this.#asked += 1;
    this.#options.rooms.lossNoticed();
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (let answered = 0; answered !== this.#asked; ) {
      answered = this.#asked;
      await this.#lookOver([...this.#options.live()]);
    }
  }

  /** Those that could not be looked at come again behind the others, until another look is asked for, which has them too. */
  async #lookOver(sessions: readonly Session[]): Promise<void> {
    const { log, calls } = this.#options;
    const asked = this.#asked;
    log.warn('store.may_have_lost', { sessions: sessions.length });
    let left = sessions;
    const look = async () => {
      if (this.#asked !== asked) return;
      left = await this.#lookOnce(left);
      if (left.length > 0) throw new SignalError(ErrorCode.UNAVAILABLE, 'a part of the store is away');
    };
    await calls.untilHeard(look, () => undefined);
    log.info('store.looked_over', { sessions: sessions.length - left.length });
  }

  /** Gives those that could not be looked at. */
  async #lookOnce(sessions: readonly Session[]): Promise<readonly Session[]> {
    const failed: Session[] = [];
    const looks: Promise<void>[] = [];
    const next = sessions.values();
    const worker = async () => {
      for (const session of next) {
        const look = this.#lookAt(session).then((isHeard) => {
          if (!isHeard) failed.push(session);
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
  async #lookAt(session: Session): Promise<boolean> {
    if (!session.connected) return true;
    const { keeper, rooms } = this.#options;
    try {
      if (!(await keeper.keep(session))) {
        session.close(CloseCode.NOT_ATTACHED, 'the session is attached elsewhere, or has ended');
        return true;
      }
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
