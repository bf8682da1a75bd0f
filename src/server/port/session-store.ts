/** A session, as every call names it: the user's slot holds the session's record. */
export interface SessionRef {
  readonly userId: string;
  readonly sessionId: string;
}

/** What to do when a user who has a session opens another: keep both, end the old ones, or refuse the new one. */
export type SessionPolicy = 'multiple' | 'replace' | 'refuse';

/**
 * Why a session ended: its window ran out, it said so, its policy's next session came, or an operator. A token that expired
 * ends no session: it is lost, and may come back.
 */
export type EndReason = 'lost' | 'signed-out' | 'replaced' | 'kicked';

export interface OpenSession extends SessionRef {
  /** SHA-256 of the session secret, in hexadecimal. */
  readonly secretHash: string;
  readonly node: string;
  /** How long it may be without a connection before it ends, where its node can't say so any more, in milliseconds. */
  readonly windowMs: number;
  readonly policy: SessionPolicy;
}

export type OpenResult =
  /** `replaced`: sessions that the policy ended; their rooms are still to be left. */
  | { readonly outcome: 'opened'; readonly gen: number; readonly replaced: readonly SessionRecord[] }
  | { readonly outcome: 'refused' };

/** A join that a session began. */
export interface JoinRecord {
  readonly peerId: string;
  /** The request, as the member's record has it: tells one membership of the room from the next. */
  readonly join: string;
}

export interface SessionRecord extends SessionRef {
  /** Rises with each attach. */
  readonly gen: number;
  readonly node: string;
  /** As it was last attached with. */
  readonly windowMs: number;
  /** By room id. May name rooms that the session is not in (any more), never too few. */
  readonly rooms: ReadonlyMap<string, JoinRecord>;
  /** Absent: it has not ended. */
  readonly ended?: EndReason;
}

export interface AttachSession extends SessionRef {
  readonly secretHash: string;
  readonly node: string;
  /** As in `OpenSession`: a token may change it. */
  readonly windowMs: number;
  /** Which of the client's connections for this session asks, by the client's count. 0: not counted. */
  readonly attempt: number;
}

export type AttachResult =
  | { readonly outcome: 'attached'; readonly record: SessionRecord }
  /** It ended: who knows its secret is told why, for as long as a client may come back. */
  | { readonly outcome: 'ended'; readonly why: EndReason }
  /** A connection that the client opened later has been here. */
  | { readonly outcome: 'overtaken' }
  /** No such session, or the secret is another's. */
  | { readonly outcome: 'unknown' };

/** A session whose connection a node has, as that node knows it. */
export interface RestoreSession extends SessionRef {
  readonly secretHash: string;
  readonly node: string;
  readonly windowMs: number;
  /** As in `AttachSession`: of the connection that the node has. */
  readonly attempt: number;
  /** The gen that the node has it with. */
  readonly gen: number;
  readonly rooms: ReadonlyMap<string, JoinRecord>;
}

export type RestoreResult =
  /** It was gone, and is the node's again, attached, with a gen above all that it may have had. */
  | { readonly outcome: 'restored'; readonly gen: number }
  /** It is there, and nothing was done: the record says whose it is, and `isAttached` whether a connection has it. */
  | { readonly outcome: 'there'; readonly record: SessionRecord; readonly isAttached: boolean }
  /** It ended, and was forgotten. */
  | { readonly outcome: 'ended'; readonly why: EndReason };

/** What a node is told about sessions that it had. */
export type SessionNotice =
  /** Attached again with a higher gen. */
  | { readonly kind: 'taken'; readonly ref: SessionRef; readonly gen: number }
  /** Adopted with a higher gen by a node that took this one for dead. */
  | { readonly kind: 'adopted'; readonly ref: SessionRef; readonly gen: number }
  /** Ended, by whomever. */
  | { readonly kind: 'ended'; readonly ref: SessionRef; readonly why: EndReason };

/** Who hears what becomes of a node's sessions. */
export interface SessionListener {
  onNotice(notice: SessionNotice): void;
  /** Notices may have been lost: whose the sessions are is to be looked at. */
  onMissed(): void;
}

/**
 * Who owns a session: the one place that decides between a client that comes back and a reaper that gives it up.
 * Each call is one atomic step in the user's slot. Deadlines are kept by the store's clock. Each rejects with
 * `SignalError` UNAVAILABLE when the store can't be reached; all may be sent again.
 */
export interface SessionStore {
  /**
   * Asked again for a session that it opened: the same answer, without those that it replaced, which are `due`. One that has ended since
   * stays ended, also where it was forgotten, for as long as its end is told.
   */
  open(request: OpenSession): Promise<OpenResult>;
  /** Takes the session over for a node: raises gen, clears the deadline. */
  attach(request: AttachSession): Promise<AttachResult>;
  /** Puts a session back that the store has lost; one that is there, whatever it says, stays as it is. */
  restore(request: RestoreSession): Promise<RestoreResult>;
  /**
   * The connection is gone: the session ends unless it is attached within `windowMs`. Its node looks after that. Said again, the
   * deadline stays as it is. False: gen is not its gen any more.
   */
  detach(ref: SessionRef, gen: number, windowMs: number): Promise<boolean>;
  /** Before a join. False: gen is not its gen any more. */
  addRoom(ref: SessionRef, gen: number, roomId: string, join: JoinRecord): Promise<boolean>;
  /** After a leave. No effect when gen is not its gen any more, or when a later join of the room was begun. */
  removeRoom(ref: SessionRef, gen: number, roomId: string, join: string): Promise<void>;
  /**
   * Ends the session if gen is unchanged and, where it is `lost`, its deadline has passed. Ended sessions can't be attached;
   * the record stays, and is `due`, until `forget`. Undefined: it has not ended. Asked again: the same answer.
   */
  end(ref: SessionRef, gen: number, reason: EndReason): Promise<SessionRecord | undefined>;
  /** Its rooms were left: nothing of it is needed any more. */
  forget(ref: SessionRef): Promise<void>;
  /**
   * Of the sessions that a node had last: those whose deadline has passed or that ended and were not forgotten, oldest first, at most
   * `limit`.
   */
  due(node: string, limit: number): Promise<readonly SessionRecord[]>;
  /**
   * Takes sessions over from a node that died, at most `limit`: from then on they are this node's, with a higher gen, without a connection,
   * and their windows begin. Sessions that moved on are left alone. False: there was none left.
   *
   * With `dead` and `node` the same, it takes over what an earlier process of the node left, which is what the node has when the first
   * of these calls comes, until one of them says false. What is attached in between is left alone.
   */
  adopt(dead: string, node: string, limit: number): Promise<boolean>;
  /** The user's sessions that have not ended. */
  sessions(userId: string): Promise<readonly SessionRecord[]>;
  /** Tells a node what becomes of its sessions, until closed. A notice may come twice, or not at all, which `onMissed` tells of where it is noticed. */
  watch(node: string, listener: SessionListener): Promise<{ close(): void }>;
}
