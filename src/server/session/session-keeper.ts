import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { EndReason, JoinRecord, SessionStore } from '../port/session-store.ts';
import type { Session } from './session.ts';

/** Whose a session is by the store that this node has a connection of. */
export type Ownership =
  /** This node's. `wasLost`: the store had lost it, and has it again. */
  | { readonly kind: 'own'; readonly wasLost: boolean }
  /** Another connection has it, which came later. */
  | { readonly kind: 'taken' }
  /** It is another's, or was, and whoever comes back has it. */
  | { readonly kind: 'not-attached' }
  | { readonly kind: 'ended'; readonly why: EndReason };

export type NotOwn = Exclude<Ownership, { readonly kind: 'own' }>;

/**
 * Sees to it that the store has the sessions that this node has, and that their records name the rooms that they are in or on their way
 * into, also where it has lost what it had.
 */
export class SessionKeeper {
  readonly #store: SessionStore;
  readonly #running = new WeakMap<Session, Promise<Ownership>>();

  constructor(store: SessionStore) {
    this.#store = store;
  }

  /**
   * Puts the session back where the store has lost it, or rooms that its record named. False: it ended, or is another's by now. Rejects
   * with UNAVAILABLE when the store can't be reached.
   */
  async keep(session: Session): Promise<boolean> {
    return (await this.look(session)).kind === 'own';
  }

  /** As `keep`, and says whose it is. */
  look(session: Session): Promise<Ownership> {
    const running = this.#running.get(session);
    if (running !== undefined) return running;
    const looking = this.#look(session).finally(() => this.#running.delete(session));
    this.#running.set(session, looking);
    return looking;
  }

  /**
   * Names a room in the session's record: before a join is committed. Rejects with STALE_SESSION where the session ended or is another's,
   * and with UNAVAILABLE when the store can't be reached: it may then be named.
   */
  async addRoom(session: Session, roomId: string, join: JoinRecord): Promise<void> {
    session.joins.set(roomId, join);
    if (await this.#store.addRoom(session, session.gen, roomId, join)) return;
    if (!(await this.keep(session)))
      throw new SignalError(ErrorCode.STALE_SESSION, 'the session is attached elsewhere, or has ended');
    await this.#addKept(session, roomId, join);
  }

  /**
   * Takes a room off the session's record, when that join surely has no member there, or none any more. Nobody waits for it, since a room
   * too many does no harm. A later join of the room stays named.
   */
  removeRoom(session: Session, roomId: string, { join }: Pick<JoinRecord, 'join'>): void {
    if (session.joins.get(roomId)?.join === join) session.joins.delete(roomId);
    this.#unawaited(session, roomId, this.#store.removeRoom(session, session.gen, roomId, join));
  }

  /** Has the record say of a room what it said `before` a join that surely had no effect. Nobody waits for that either. */
  takeBack(session: Session, roomId: string, before: JoinRecord | undefined): void {
    const added = session.joins.get(roomId);
    if (added === undefined || added === before) return;
    if (before === undefined) {
      this.removeRoom(session, roomId, added);
      return;
    }
    session.joins.set(roomId, before);
    this.#unawaited(session, roomId, this.#store.addRoom(session, session.gen, roomId, before));
  }

  /** Where the store can't be reached the record says what it said. */
  #unawaited(session: Session, roomId: string, call: Promise<unknown>): void {
    call.catch((thrown: unknown) => {
      const error = SignalError.from(thrown);
      if (!error.retryable) session.log.error('session.name_rooms', thrown, { room: roomId });
    });
  }

  async #look(session: Session): Promise<Ownership> {
    const { userId, sessionId, gen, node, windowMs, secretHash, attempt } = session;
    let rooms: ReadonlyMap<string, JoinRecord> = new Map(session.joins);
    const result = await this.#store.restore({
      ...{ userId, sessionId, gen, node, windowMs, secretHash, attempt },
      rooms,
    });
    if (result.outcome === 'ended') return { kind: 'ended', why: result.why };
    const wasLost = result.outcome === 'restored';
    if (wasLost) {
      session.regained(result.gen);
      session.log.info('session.restored', { rooms: rooms.size });
    } else {
      const { record, isAttached } = result;
      if (record.ended !== undefined) return { kind: 'ended', why: record.ended };
      // One with a lower gen is what a failover left: then this connection is the later one.
      if (record.gen !== gen) return { kind: isAttached && record.gen > gen ? 'taken' : 'not-attached' };
      rooms = record.rooms;
    }
    // What was begun meanwhile, or is lost from a record that is there.
    for (const [roomId, join] of session.joins)
      if (rooms.get(roomId)?.join !== join.join) await this.#addKept(session, roomId, join);
    return { kind: 'own', wasLost };
  }

  async #addKept(session: Session, roomId: string, join: JoinRecord): Promise<void> {
    if (!(await this.#store.addRoom(session, session.gen, roomId, join)))
      throw new SignalError(ErrorCode.UNAVAILABLE, 'the store has lost the session again');
  }
}
