import type { Clock } from '../../../shared/clock.ts';
import type {
  AttachResult,
  AttachSession,
  EndReason,
  JoinRecord,
  OpenResult,
  OpenSession,
  RestoreResult,
  RestoreSession,
  SessionListener,
  SessionNotice,
  SessionRecord,
  SessionRef,
  SessionStore,
} from '../../port/session-store.ts';

interface StoredSession extends SessionRef {
  readonly secretHash: string;
  gen: number;
  node: string;
  windowMs: number;
  /** The highest that came. */
  attempt: number;
  readonly rooms: Map<string, JoinRecord>;
  phase: 'attached' | 'detached' | 'ended';
  ended?: EndReason;
  /** When a detached session may be ended, by the monotonic clock. */
  deadlineMs: number;
}

/** A session that is to be adopted, with its gen of when that was begun: one that came back since is left alone. */
interface LeftSession {
  readonly session: StoredSession;
  readonly gen: number;
}

/** What is left of a session that is forgotten, for a client that comes back all the same. */
interface Tombstone {
  readonly userId: string;
  readonly secretHash: string;
  readonly ended: EndReason;
  /** By the monotonic clock. */
  readonly untilMs: number;
}

export interface MemorySessionStoreOptions {
  readonly clock: Clock;
  /** How long a forgotten session's end is told, in milliseconds: the longest reconnection window. */
  readonly endedKeepMs: number;
}

/** No session has had as many gens that were lost. */
const aboveLost = 65_536;

/** The sessions of a single node, gone with its process. */
export class MemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #endedKeepMs: number;
  readonly #users = new Map<string, Map<string, StoredSession>>();
  /** Detached or ended, in the order in which they became so. */
  readonly #leaving = new Set<StoredSession>();
  /** By session id, in the order of their time. */
  readonly #tombstones = new Map<string, Tombstone>();
  /** By nodes that adopt from themselves: what they have still to adopt. */
  readonly #left = new Map<string, LeftSession[]>();
  readonly #watchers = new Map<string, Set<SessionListener>>();

  constructor(options: MemorySessionStoreOptions) {
    this.#clock = options.clock;
    this.#endedKeepMs = options.endedKeepMs;
  }

  open(request: OpenSession): Promise<OpenResult> {
    const { userId, sessionId, secretHash, node, windowMs } = request;
    const sessions = this.#users.get(userId) ?? new Map<string, StoredSession>();
    this.#clearTombstones();
    const isForgotten = this.#tombstones.get(sessionId)?.userId === userId;
    if (isForgotten || sessions.get(sessionId)?.secretHash === secretHash) {
      return Promise.resolve({ outcome: 'opened', gen: 1, replaced: [] });
    }
    const living = Array.from(sessions.values()).filter((session) => session.phase !== 'ended');
    if (request.policy === 'refuse' && living.length > 0) return Promise.resolve({ outcome: 'refused' });
    const replaced = request.policy === 'replace' ? living : [];
    for (const session of replaced) this.#end(session, 'replaced');
    sessions.set(sessionId, {
      userId,
      sessionId,
      secretHash,
      gen: 1,
      node,
      windowMs,
      attempt: 0,
      rooms: new Map(),
      phase: 'attached',
      deadlineMs: 0,
    });
    this.#users.set(userId, sessions);
    return Promise.resolve({ outcome: 'opened', gen: 1, replaced: replaced.map(recordOf) });
  }

  attach(request: AttachSession): Promise<AttachResult> {
    const session = this.#find(request);
    const known = session ?? this.#tombstones.get(request.sessionId);
    if (known?.userId !== request.userId || known.secretHash !== request.secretHash) {
      return Promise.resolve({ outcome: 'unknown' });
    }
    if (known.ended !== undefined) return Promise.resolve({ outcome: 'ended', why: known.ended });
    if (session === undefined) return Promise.resolve({ outcome: 'unknown' });
    if (request.attempt !== 0 && request.attempt < session.attempt) {
      return Promise.resolve({ outcome: 'overtaken' });
    }
    const before = session.node;
    session.gen++;
    session.node = request.node;
    session.windowMs = request.windowMs;
    session.attempt = Math.max(session.attempt, request.attempt);
    session.phase = 'attached';
    this.#leaving.delete(session);
    this.#tell(before, { kind: 'taken', ref: refOf(session), gen: session.gen });
    return Promise.resolve({ outcome: 'attached', record: recordOf(session) });
  }

  restore(request: RestoreSession): Promise<RestoreResult> {
    const { userId, sessionId, gen: before, rooms, ...more } = request;
    const known = this.#find(request);
    if (known !== undefined) {
      const isAttached = known.phase === 'attached';
      return Promise.resolve({ outcome: 'there', record: recordOf(known), isAttached });
    }
    this.#clearTombstones();
    const left = this.#tombstones.get(sessionId);
    if (left?.userId === userId) return Promise.resolve({ outcome: 'ended', why: left.ended });
    const gen = before + aboveLost;
    const sessions = this.#users.get(userId) ?? new Map<string, StoredSession>();
    sessions.set(sessionId, {
      ...{ userId, sessionId, gen, rooms: new Map(rooms), phase: 'attached', deadlineMs: 0 },
      ...more,
    });
    this.#users.set(userId, sessions);
    return Promise.resolve({ outcome: 'restored', gen });
  }

  detach(ref: SessionRef, gen: number, windowMs: number): Promise<boolean> {
    const session = this.#current(ref, gen);
    if (session === undefined) return Promise.resolve(false);
    if (session.phase === 'attached') this.#detach(session, windowMs);
    return Promise.resolve(true);
  }

  addRoom(ref: SessionRef, gen: number, roomId: string, join: JoinRecord): Promise<boolean> {
    const session = this.#current(ref, gen);
    session?.rooms.set(roomId, join);
    return Promise.resolve(session !== undefined);
  }

  removeRoom(ref: SessionRef, gen: number, roomId: string, join: string): Promise<void> {
    const rooms = this.#current(ref, gen)?.rooms;
    if (rooms?.get(roomId)?.join === join) rooms.delete(roomId);
    return Promise.resolve();
  }

  end(ref: SessionRef, gen: number, reason: EndReason): Promise<SessionRecord | undefined> {
    const session = this.#find(ref);
    if (session?.gen !== gen) return Promise.resolve(undefined);
    if (session.phase !== 'ended') {
      if (reason === 'lost' && !this.#isDue(session)) return Promise.resolve(undefined);
      this.#end(session, reason);
    }
    return Promise.resolve(recordOf(session));
  }

  forget(ref: SessionRef): Promise<void> {
    const session = this.#find(ref);
    if (session?.phase === 'ended') {
      const sessions = this.#users.get(ref.userId);
      sessions?.delete(ref.sessionId);
      if (sessions?.size === 0) this.#users.delete(ref.userId);
      this.#leaving.delete(session);
      this.#bury(session);
    }
    return Promise.resolve();
  }

  due(node: string, limit: number): Promise<readonly SessionRecord[]> {
    this.#clearTombstones();
    const due: SessionRecord[] = [];
    for (const session of this.#leaving) {
      if (due.length >= limit) break;
      if (session.node !== node) continue;
      if (session.phase === 'ended' || this.#isDue(session)) due.push(recordOf(session));
    }
    return Promise.resolve(due);
  }

  adopt(dead: string, node: string, limit: number): Promise<boolean> {
    // Who adopts from itself has the same sessions before and after: each is taken once.
    const isOwn = dead === node;
    const left = (isOwn ? this.#left.get(node) : undefined) ?? Array.from(this.#ofNode(dead));
    const next = left.splice(0, limit);
    if (isOwn && next.length > 0) this.#left.set(node, left);
    else if (isOwn) this.#left.delete(node);
    for (const { session, gen } of next) {
      if (session.node === dead && session.gen === gen) this.#adopt(session, node);
    }
    return Promise.resolve(next.length > 0);
  }

  sessions(userId: string): Promise<readonly SessionRecord[]> {
    const sessions = Array.from(this.#users.get(userId)?.values() ?? []);
    return Promise.resolve(sessions.filter((session) => session.phase !== 'ended').map(recordOf));
  }

  watch(node: string, listener: SessionListener): Promise<{ close(): void }> {
    const watchers = this.#watchers.get(node) ?? new Set<SessionListener>();
    watchers.add(listener);
    this.#watchers.set(node, watchers);
    return Promise.resolve({ close: () => void watchers.delete(listener) });
  }

  *#ofNode(node: string): Iterable<LeftSession> {
    for (const sessions of this.#users.values())
      for (const session of sessions.values()) if (session.node === node) yield { session, gen: session.gen };
  }

  #adopt(session: StoredSession, node: string): void {
    const dead = session.node;
    session.node = node;
    if (session.phase === 'ended') return;
    session.gen++;
    this.#detach(session, session.windowMs);
    this.#tell(dead, { kind: 'adopted', ref: refOf(session), gen: session.gen });
  }

  #detach(session: StoredSession, windowMs: number): void {
    session.phase = 'detached';
    session.deadlineMs = this.#clock.monotonicMs() + windowMs;
    this.#leaving.delete(session);
    this.#leaving.add(session);
  }

  #find(ref: SessionRef): StoredSession | undefined {
    return this.#users.get(ref.userId)?.get(ref.sessionId);
  }

  #current(ref: SessionRef, gen: number): StoredSession | undefined {
    const session = this.#find(ref);
    return session?.gen === gen && session.phase !== 'ended' ? session : undefined;
  }

  #isDue(session: StoredSession): boolean {
    return session.phase === 'detached' && session.deadlineMs <= this.#clock.monotonicMs();
  }

  #end(session: StoredSession, why: EndReason): void {
    session.phase = 'ended';
    session.ended = why;
    this.#leaving.add(session);
    this.#tell(session.node, { kind: 'ended', ref: refOf(session), why });
  }

  #bury({ sessionId, userId, secretHash, ended }: StoredSession): void {
    this.#clearTombstones();
    if (ended === undefined) return;
    const untilMs = this.#clock.monotonicMs() + this.#endedKeepMs;
    this.#tombstones.set(sessionId, { userId, secretHash, ended, untilMs });
  }

  #clearTombstones(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [sessionId, { untilMs }] of this.#tombstones) {
      if (untilMs > nowMs) return;
      this.#tombstones.delete(sessionId);
    }
  }

  #tell(node: string, notice: SessionNotice): void {
    for (const watcher of this.#watchers.get(node) ?? []) watcher.onNotice(notice);
  }
}

function refOf({ userId, sessionId }: StoredSession): SessionRef {
  return { userId, sessionId };
}

function recordOf(session: StoredSession): SessionRecord {
  const { gen, node, windowMs, rooms, ended } = session;
  return { ...refOf(session), gen, node, windowMs, rooms: new Map(rooms), ...(ended && { ended }) };
}
