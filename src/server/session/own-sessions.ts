import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import type { Log } from '../port/log.ts';
import type { EndReason, SessionNotice, SessionStore } from '../port/session-store.ts';
import type { PersistentCalls } from './persistent-calls.ts';
import type { RoomLosses, SessionEnder } from './returning.ts';
import type { Session } from './session.ts';
import type { NotOwn, SessionKeeper } from './session-keeper.ts';
import { SessionLook } from './session-look.ts';

export interface OwnSessionsOptions {
  readonly store: SessionStore;
  readonly keeper: SessionKeeper;
  readonly rooms: RoomLosses;
  readonly ender: SessionEnder;
  readonly calls: PersistentCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: string;
  /** A session has no connection here any more. */
  readonly onGone: (session: Session) => void;
}

const closeCodes: Readonly<Record<EndReason, CloseCode>> = {
  lost: CloseCode.CONNECTION_STALE,
  'signed-out': CloseCode.SIGNED_OUT,
  replaced: CloseCode.REPLACED_BY_NEW_SESSION,
  kicked: CloseCode.KICKED,
};

/** The sessions that have their connection on this node. Hears what becomes of them elsewhere, and closes those that are its own no more. */
export class OwnSessions {
  readonly #options: OwnSessionsOptions;
  readonly #look: SessionLook;
  readonly #live = new Map<string, Session>();
  /** Those that ended. The store forgets such an end, and would be taken to have lost the session. */
  readonly #ended = new WeakSet<Session>();
  /** Those that are being ended here. Who signs out is answered first, and closed by its own request. */
  readonly #ending = new Set<Session>();
  #watching: { close(): void } | undefined;

  constructor(options: OwnSessionsOptions) {
    this.#options = options;
    this.#look = new SessionLook({
      ...options,
      live: () => this.all.filter((session) => !this.#ended.has(session)),
      onNotOwn: (session, ownership) => this.#notOwn(session, ownership),
    });
  }

  /** Begins to hear of sessions that are taken or ended elsewhere, once the store can be reached. */
  start(): void {
    const { store, node, log, calls } = this.#options;
    void calls.untilHeard(
      async () => {
        const onMissed = () => this.lookForTaken();
        this.#watching = await store.watch(node, { onNotice: (notice) => this.#noticed(notice), onMissed });
        // What became of those who were faster was told to nobody.
        if (this.#live.size > 0) onMissed();
      },
      (error) => log.warn('session.watch_failed', { code: error.codeName }),
    );
  }

  stop(): void {
    this.#watching?.close();
  }

  get all(): readonly Session[] {
    return [...this.#live.values()];
  }

  get size(): number {
    return this.#live.size;
  }

  /** From now on it hears when it is taken or ended, also while its rooms are still being entered. */
  add(session: Session): void {
    const current = this.#live.get(session.sessionId);
    if (current !== undefined && current.gen >= session.gen) return;
    // Its notice has not come yet, and would find this one.
    if (current !== undefined) this.#taken(current);
    this.#live.set(session.sessionId, session);
  }

  /** The connection of a session is gone. */
  disconnected(session: Session): void {
    session.disconnected();
    if (this.#live.get(session.sessionId) === session) this.#live.delete(session.sessionId);
    this.#options.onGone(session);
  }

  hasEnded(session: Session): boolean {
    return this.#ended.has(session);
  }

  /**
   * Ends a session for good, of which whoever asks for it then closes the connection. Where it fails, and the session has ended all the same,
   * that is done here.
   */
  async end(session: Session, reason: EndReason): Promise<void> {
    this.#ending.add(session);
    try {
      await this.#end(session, reason);
    } catch (error) {
      if (this.#ended.has(session)) this.#close(session, reason);
      throw error;
    } finally {
      this.#ending.delete(session);
    }
  }

  async #end(session: Session, reason: EndReason): Promise<void> {
    const { store, keeper, ender } = this.#options;
    let record = await store.end(session, session.gen, reason);
    // Where the store has lost the session, it may still have its rooms.
    if (record === undefined && (await keeper.keep(session)))
      record = await store.end(session, session.gen, reason);
    if (record === undefined) return;
    this.#ended.add(session);
    await ender.finish(record);
  }

  /** The store may have lost something: looks whether it still has all sessions, and their rooms, and puts back what is gone. */
  lookForLosses(): void {
    this.#look.start('rooms-too');
  }

  /**
   * Others may have taken sessions of this node, or ended them, without its hearing of it: looks whose they are, and closes the connections
   * of those that are its own no more.
   */
  lookForTaken(): void {
    this.#look.start('sessions');
  }

  #noticed(notice: SessionNotice): void {
    const session = this.#live.get(notice.ref.sessionId);
    if (session === undefined) return;
    if (notice.kind === 'ended') this.#notOwn(session, notice);
    else if (notice.gen > session.gen)
      this.#notOwn(session, { kind: notice.kind === 'taken' ? 'taken' : 'not-attached' });
  }

  /** A session is not this node's any more, as a notice or a look says. */
  #notOwn(session: Session, ownership: NotOwn): void {
    if (!session.connected) return;
    switch (ownership.kind) {
      case 'taken':
        this.#taken(session);
        return;
      case 'ended':
        this.#hasEnded(session, ownership.why);
        return;
      case 'not-attached':
        session.close(CloseCode.NOT_ATTACHED, 'the session is no longer of this connection');
        this.disconnected(session);
    }
  }

  /** Elsewhere; or here, and the answer may never come. */
  #hasEnded(session: Session, why: EndReason): void {
    const isByItself = why === 'signed-out' && (this.#ending.has(session) || this.#ended.has(session));
    if (isByItself) this.#ended.add(session);
    else this.#close(session, why);
  }

  #close(session: Session, why: EndReason): void {
    if (!session.connected) return;
    session.close(closeCodes[why], `the session ended: ${why}`);
    this.disconnected(session);
  }

  #taken(session: Session): void {
    session.close(CloseCode.REPLACED_BY_SAME_SESSION, 'the session was resumed on another connection');
    this.disconnected(session);
  }
}
