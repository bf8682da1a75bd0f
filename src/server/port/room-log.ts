import type { ErrorCode } from '../../shared/signal-error.ts';

/** A stream: a room, or a user's inbox. Both are logs by the same contract. */
export type StreamName = `room:${string}` | `user:${string}`;

/** A place in a stream. Offsets start at 1 and stay below 2^32; an epoch is a random number other than 0. */
export interface Position {
  readonly epoch: number;
  readonly offset: number;
}

/**
 * Who commits: a session, a media instance, a call, control, an outbox. `seq` is 0 or more and rises with each commit of the
 * source. `gen` rises when the source is taken over: once a commit with the higher one came to the stream, whatever became of
 * it, the lower has no effect there any more. Where the source never had an effect before, that takes a commit that applies.
 */
export interface Source {
  readonly id: string;
  readonly gen: number;
  readonly seq: number;
}

/** Something that must be true for a commit to have its effect. `otherwise` is what the asker is told. */
export type Check = { readonly otherwise: ErrorCode } & (
  | { readonly kind: 'exists' | 'absent'; readonly field: string }
  | { readonly kind: 'equals'; readonly field: string; readonly value: Uint8Array }
  /** The peer is a member; with `joined`, it is still this very membership; with `maxGen`, no later gen of its session has it. */
  | { readonly kind: 'member'; readonly peerId: string; readonly joined?: Position; readonly maxGen?: number }
  | { readonly kind: 'no-member'; readonly peerId: string }
  | { readonly kind: 'members-below'; readonly limit: number }
);

export type Change =
  | { readonly kind: 'set'; readonly field: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly field: string }
  /** A new member. It joined at this commit's entry, which there must be. */
  | { readonly kind: 'add-member'; readonly peerId: string; readonly member: NewMember }
  /** A member's info; all else of it stays. */
  | { readonly kind: 'update-member'; readonly peerId: string; readonly info: Uint8Array }
  | { readonly kind: 'remove-member'; readonly peerId: string }
  | { readonly kind: 'remove-all-members' };

/** Whose membership it is. */
export interface MemberSession {
  readonly sessionId: string;
  readonly userId: string;
  /** The session's generation, and the node that has it. */
  readonly gen: number;
  readonly node: string;
}

export interface NewMember extends MemberSession {
  /** The feature's own record, opaque here. */
  readonly info: Uint8Array;
}

export interface Member extends NewMember {
  /** Where its join stands: names the membership. The offset alone is the route of what is directed to it. */
  readonly joined: Position;
  /** The last offset that was directed to it. 0: none. */
  readonly lastDirected: number;
}

/** What a commit adds to the log. */
export interface NewEntry {
  /** Everyone, or the peer id of the one member that gets it; a check must ask that it is a member. */
  readonly to: 'all' | { readonly peerId: string };
  /**
   * The body of an `Event`, encoded: one field of its oneof, with tag and length; a relay's may have the field `traceparent` before it.
   * Delivered byte for byte.
   */
  readonly body: Uint8Array;
}

export interface Commit {
  readonly source: Source;
  readonly checks: readonly Check[];
  readonly changes: readonly Change[];
  readonly entry?: NewEntry;
}

export type CommitResult =
  /**
   * It has its effect. `again`: it had it before, by a commit of the same source and seq, and nothing was done now; the commit
   * before may be this very one, where an answer was lost on its way and the adapter sent it again.
   * `position` is its entry's; without an entry, the head's of that moment.
   */
  | { readonly outcome: 'applied'; readonly position: Position; readonly again: boolean }
  /**
   * A check failed; nothing was done, and the seq may be tried again. `inDoubt`: the commit was sent before, and its answer was lost. What
   * was sent then may be on its way still and have its effect yet; or it had it, where the store has lost since what it had.
   */
  | { readonly outcome: 'refused'; readonly failed: Check; readonly inDoubt?: true }
  /** A higher gen of the source has committed here; nothing was done. */
  | { readonly outcome: 'stale' }
  /** A later seq of the source was applied and this one never was; it never will be. */
  | { readonly outcome: 'not-applied' };

export interface Entry {
  readonly position: Position;
  /** 0: for everyone. Else the offset of the join of the member that gets it. */
  readonly route: number;
  /** The offset before it on its route. 0: none. */
  readonly previous: number;
  /** The offset before it on route 0. 0: none. */
  readonly previousToAll: number;
  readonly body: Uint8Array;
}

export interface Head extends Position {
  /** The last offset on route 0. 0: none. */
  readonly lastToAll: number;
}

/** A stream at one moment. */
export interface StreamState {
  readonly head: Head;
  readonly fields: ReadonlyMap<string, Uint8Array>;
  /** By peer id, in the order of their joins. */
  readonly members: ReadonlyMap<string, Member>;
  /** How long ago it last went on in another epoch, as it does where some of it may be lost, in milliseconds. Undefined: it never did. */
  readonly forkedMsAgo?: number;
}

/** A session's place in a stream, for the connection that it has from now on, or for its end. */
export interface Attachment {
  readonly sessionId: string;
  /** As which peer it is a member, if it is one. */
  readonly peerId: string;
  readonly gen: number;
  readonly node: string;
}

export type AttachmentResult =
  /** The stream as it then is. */
  | { readonly outcome: 'attached'; readonly state: StreamState }
  /** A higher gen of the session has been here; nothing was done. */
  | { readonly outcome: 'stale' };

export type ReadResult =
  /**
   * The entries after the position, in order, on all routes, and up to where they go: whoever read them goes on from there. `complete`: that
   * is the head. It may lie in a later epoch than the position though there are no entries.
   */
  | {
      readonly good: true;
      readonly entries: readonly Entry[];
      readonly through: Position;
      readonly complete: boolean;
    }
  /**
   * `lost`: the position is no part of the stream as it is: its epoch is unknown, it is past the head, or there is no such stream.
   * `trimmed`: it is, or was, and the log no longer reaches back to it.
   */
  | { readonly good: false; readonly why: 'lost' | 'trimmed' };

/**
 * What a subscriber gets: entries for all, and those directed to members that its node has, in the order of their offsets; never again
 * after `close`. Must not throw.
 */
export interface StreamListener {
  /** `before`: the offset of the entry that this node should have got before it, or one after that. 0: none. */
  onEntry(entry: Entry, before: number): void;
  /** Of what lies up to a position, nothing is for this node but what it got. */
  onPassed(position: Position): void;
  /** Something published: the body of an `Event`, encoded, and its key. */
  onPublished(key: string, body: Uint8Array): void;
  /** Entries may have been committed that were not announced: the log has them. */
  onInterrupted(): void;
}

export interface Subscription {
  close(): void;
}

/**
 * The ordered log of a stream with the state that it leads to: the one place where an event becomes true.
 *
 * A commit is atomic: all its checks hold and all of it happens, in one step with its offset and its announcement, or
 * nothing does. Commits of one node to one stream take effect in the order of the calls, also when not awaited.
 * A commit sent again with the same source and seq has its effect once: of the source's 64 seqs up to the highest it is
 * remembered which were applied. A failed check is not remembered.
 *
 * A room's stream begins with its first commit and is forgotten, state and entries, when it has had no member for the
 * grace period; what begins after that has a new epoch. Entries are kept at least as long as the longest reconnection
 * window, within a bound of bytes.
 *
 * Every call rejects with `SignalError` UNAVAILABLE when the store can't be reached: a commit then had no effect, and will have none.
 * Where that can't be known it rejects with OUTCOME_UNKNOWN, and sending the same source and seq again is safe.
 *
 * A commit whose result is at hand is answered at once: a promise would cost each relay as much as the commit itself.
 */
export interface RoomLog {
  commit(stream: StreamName, commit: Commit): CommitResult | Promise<CommitResult>;
  /**
   * Gives a session's place in the stream to the gen and node that it has now, in one step. As a source a lower gen has no effect there
   * from then on, not even with what is on its way, and where the session is that member, the member's record names both. Again: no
   * effect. A stream that is not there begins.
   */
  attach(stream: StreamName, attachment: Attachment): Promise<AttachmentResult>;
  /** Up to `maxBytes` of bodies, one entry at least. */
  read(stream: StreamName, after: Position, maxBytes: number): Promise<ReadResult>;
  /** Undefined: there is no such stream. */
  state(stream: StreamName): Promise<StreamState | undefined>;
  /** Resolves when every later entry that is for this node will be announced, or its listener told that it may not have been. */
  subscribe(stream: StreamName, listener: StreamListener): Promise<Subscription>;
  /**
   * Announces a body to the subscribers of now, at most once, in no promised order with entries; nothing is kept. A later body
   * with the same key replaces it for those who are slow: `typing:<peer id>`.
   */
  publish(stream: StreamName, key: string, body: Uint8Array): Promise<void>;
  /** The ids of the rooms with members, in ascending order of code units, after `after`, at most `limit`. */
  rooms(after: string, limit: number): Promise<readonly string[]>;
}
