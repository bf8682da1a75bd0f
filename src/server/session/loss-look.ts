import { CloseCode } from '../../shared/close-codes.ts';
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
  readonly log: Log;
}

/** So many sessions are looked at at once: those of a node are many, and neither it nor the store may stand still for them. */
const atOnce = 128;

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

  async #lookOver(sessions: readonly Session[]): Promise<void> {
    const { log } = this.#options;
    log.warn('store.may_have_lost', { sessions: sessions.length });
    const left = sessions.values();
    const worker = async () => {
      for (const session of left) await this.#lookAt(session);
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    log.info('store.looked_over', { sessions: sessions.length });
  }

  async #lookAt(session: Session): Promise<void> {
    const { keeper, rooms, calls } = this.#options;
    const look = async () => {
      if (!session.connected) return;
      if (await keeper.keep(session)) {
        for (const roomId of [...session.rooms.keys()]) await rooms.hasLost(session, roomId);
      } else {
        session.close(CloseCode.NOT_ATTACHED, 'the session is attached elsewhere, or has ended');
      }
    };
    try {
      await calls.untilHeard(look, () => undefined);
    } catch (error) {
      session.log.error('session.look', error);
    }
  }
}
