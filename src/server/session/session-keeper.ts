import type { SessionStore } from '../port/session-store.ts';
import type { Session } from './session.ts';

/** Sees to it that the store has the sessions that this node has, also where it has lost what it had. */
export class SessionKeeper {
  readonly #store: SessionStore;
  readonly #running = new WeakMap<Session, Promise<boolean>>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /**
   * Puts the session back where the store has lost it. False: it ended, or is another's by now. Rejects with UNAVAILABLE when the store
   * can't be reached.
   */
  keep(session: Session): Promise<boolean> {
    const running = this.#running.get(session);
    if (running !== undefined) return running;
    const keeping = this.#keep(session).finally(() => this.#running.delete(session));
    this.#running.set(session, keeping);
    return keeping;
  }

  async #keep(session: Session): Promise<boolean> {
    const { userId, sessionId, gen, node, windowMs, secretHash, attempt } = session;
    const rooms = new Map(
      Array.from(session.rooms, ([roomId, { peerId, join }]) => [roomId, { peerId, join }]),
    );
    const result = await this.#store.restore({
      ...{ userId, sessionId, gen, node, windowMs, secretHash, attempt },
      rooms,
    });
    if (result.outcome === 'restored') {
      session.regained(result.gen);
      session.log.info('session.restored', { rooms: rooms.size });
      return true;
    }
    return result.outcome === 'there' && result.record.ended === undefined && result.record.gen === gen;
  }
}
