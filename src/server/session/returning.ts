import type { ResumedRoom, StreamPosition } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { JoinRecord, SessionRecord } from '../port/session-store.ts';
import type { Session } from './session.ts';

/** How a room stands for a session that signs in, and what starts to follow it once the client was told. */
export interface RoomOnSignIn {
  readonly room: ResumedRoom;
  readonly afterWelcome: () => void;
}

/** What the room feature does for sessions that sign in. Neither call rejects: a room's failure is told in its outcome. */
export interface RoomsOnSignIn {
  /** A session came back: its room from where the client read it, or as it is now. */
  comeBack(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<RoomOnSignIn>;
  /** A session came by `/rooms/{roomId}`. */
  joinByPath(session: Session, roomId: string, peerId: string): Promise<RoomOnSignIn>;
}

/** What the room feature does about rooms that the store has lost, of sessions whose connection is here. */
export interface RoomLosses {
  /** The store may have lost something: rooms may lack members for a while that nodes have still to put back. */
  lossNoticed(): void;
  /**
   * Looks whether the log still has what the connection was served, after a sign that it may not. True: it has not, and the membership is
   * being put back; until the client is told how the room stands, what it asks of it is refused by `Session.assertSettled`.
   * Rejects with UNAVAILABLE where that can't be known.
   */
  hasLost(session: Session, roomId: string): Promise<boolean>;
}

/** Finishes what an ended session leaves behind: its memberships, then its record. May be called again. */
export interface SessionEnder {
  finish(record: SessionRecord): Promise<void>;
}
