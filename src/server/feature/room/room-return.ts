import { create } from '@bufbuild/protobuf';
import {
  type ResumedRoom,
  ResumedRoomSchema,
  type StreamPosition,
} from '../../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { readRoom, snapshotOf } from '../../domain/room-view.ts';
import { errorMessage } from '../../frame/error-message.ts';
import { commitError } from '../../port/decision.ts';
import type { Position, ReadResult, RoomLog, StreamState } from '../../port/room-log.ts';
import type { JoinRecord } from '../../port/session-store.ts';
import type { RoomMembership, Session } from '../../session/session.ts';
import type { SessionKeeper } from '../../session/session-keeper.ts';
import type { StreamTails, TailPlace } from '../../session/stream-tail.ts';
import { type RoomFollower, type Standing, standingIn } from './room-follower.ts';

export interface RoomReturnOptions {
  readonly roomLog: RoomLog;
  readonly keeper: SessionKeeper;
  readonly tails: StreamTails;
  readonly follower: RoomFollower;
  /** How long after a fork nodes may take to say what was lost with it, in milliseconds. */
  readonly settleMs: number;
}

/** How a room stands for a session that is in it already. The client is told first, then `follow` brings what came since. */
export interface Returned {
  readonly room: ResumedRoom;
  readonly follow: () => void;
}

/** What a client that was at a position is told, and from where it is served after that. */
interface Outcome {
  readonly outcome: ResumedRoom['outcome'];
  readonly after: Position;
  readonly isHead: boolean;
}

/** The log has lost where the client was: the room as it is now may lack members whose nodes have still to put them back. */
export class PositionLost extends Error {
  override readonly name = 'PositionLost';
}

/** The way of a session back to where it was in a room. */
export class RoomReturn {
  readonly #options: RoomReturnOptions;

  constructor(options: RoomReturnOptions) {
    this.#options = options;
  }

  /**
   * From the position, where the log still has what came after it; else the room as it is now. Rejects with `PositionLost` where the
   * position is that of a member, and lost; with UNAVAILABLE where it may yet turn out to be.
   */
  async comeBack(
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<Returned> {
    const place = await this.#options.tails.take(`room:${roomId}`);
    try {
      return await this.#from(place, session, roomId, held, position);
    } catch (error) {
      place.leave();
      throw error;
    }
  }

  /** The same on the connection that follows the room already. */
  async replay(session: Session, membership: RoomMembership, position: StreamPosition): Promise<Returned> {
    const { roomId, peerId, feed } = membership;
    feed.hold();
    try {
      const standing = await this.#options.follower.standing(session, roomId, peerId);
      if (standing === undefined) return { room: left(roomId), follow: () => feed.release() };
      const { outcome, after, isHead } = await this.#outcome(roomId, standing, position).catch(
        (thrown: unknown) => {
          // What its connection was served is looked at by itself: the client may name any position.
          if (thrown instanceof PositionLost) return snapshot(roomId, standing);
          throw thrown;
        },
      );
      return {
        room: resumed(roomId, outcome),
        follow: () => {
          feed.moveTo(after, isHead);
          feed.release();
        },
      };
    } catch (error) {
      feed.release();
      throw error;
    }
  }

  async #from(
    place: TailPlace,
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<Returned> {
    const { follower, keeper } = this.#options;
    const state = await this.#attach(session, roomId, held);
    const standing = standingIn(state, session, held.peerId);
    if (standing === undefined) {
      const mayJoin = readRoom(state) !== undefined && (await this.#hasLost(roomId, position));
      keeper.removeRoom(session, roomId, held);
      place.leave();
      return { room: mayJoin ? lost(roomId) : left(roomId), follow: () => undefined };
    }
    const { outcome, after, isHead } = await this.#outcome(roomId, standing, position);
    this.#refuseInDoubt(state, position);
    return {
      room: resumed(roomId, outcome),
      follow: () => follower.follow(session, roomId, standing, place, after, isHead),
    };
  }

  /** From then on the session's former connection can do nothing in the room, not even with a join that was on its way. */
  async #attach(session: Session, roomId: string, { peerId }: JoinRecord): Promise<StreamState> {
    const { sessionId, gen, node } = session;
    const attached = await this.#options.roomLog.attach(`room:${roomId}`, { sessionId, peerId, gen, node });
    if (attached.outcome === 'stale') throw commitError('stale');
    return attached.state;
  }

  /**
   * Just after a failover it is not known yet whether it lost entries that somebody had. What the client sends again must not have its effect a
   * second time then: it is told first. Its position does not say of when that is: it may have been told of the new epoch since.
   */
  #refuseInDoubt({ forkedMsAgo }: StreamState, position: Position | undefined): void {
    if (position !== undefined && forkedMsAgo !== undefined && forkedMsAgo < this.#options.settleMs)
      throw new SignalError(ErrorCode.UNAVAILABLE, 'it is not known yet what the store has lost');
  }

  async #hasLost(roomId: string, position: Position | undefined): Promise<boolean> {
    return position !== undefined && isLost(await this.#options.roomLog.read(`room:${roomId}`, position, 1));
  }

  async #outcome(roomId: string, standing: Standing, position: StreamPosition | undefined): Promise<Outcome> {
    if (position !== undefined) {
      const read = await this.#options.roomLog.read(`room:${roomId}`, position, 1);
      if (isLost(read)) throw new PositionLost();
      // What came before the member's join is not for it.
      if (read.good && position.offset >= standing.member.record.joined.offset)
        return { outcome: { case: 'recovered', value: position }, after: position, isHead: false };
      if (hasMissedNothing(standing, position))
        return { outcome: { case: 'recovered', value: position }, after: standing.state.head, isHead: true };
    }
    return snapshot(roomId, standing);
  }
}

/** A room that a session can't come back to, or enter. */
export function refusedRoom(roomId: string, error: SignalError): ResumedRoom {
  return resumed(roomId, { case: 'error', value: errorMessage(error) });
}

function left(roomId: string): ResumedRoom {
  return refusedRoom(roomId, new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is no longer in the room'));
}

function snapshot(roomId: string, { state, room, member }: Standing): Outcome {
  const value = snapshotOf(roomId, state, room, member.peer.peerId);
  return { outcome: { case: 'snapshot', value }, after: state.head, isHead: true };
}

/** The log may have dropped what was for others: who is quiet in a busy room needs none of it. */
function hasMissedNothing({ state: { head }, member: { record } }: Standing, at: Position): boolean {
  const isOfThisEpoch = at.epoch === head.epoch && at.offset <= head.offset;
  return isOfThisEpoch && at.offset >= Math.max(record.joined.offset, head.lastToAll, record.lastDirected);
}

/** The client joins again, as what it can be. */
function lost(roomId: string): ResumedRoom {
  return refusedRoom(roomId, new SignalError(ErrorCode.UNAVAILABLE, 'the store has lost the membership'));
}

function isLost(read: ReadResult): boolean {
  return !read.good && read.why === 'lost';
}

function resumed(roomId: string, outcome: ResumedRoom['outcome']): ResumedRoom {
  return create(ResumedRoomSchema, { roomId, outcome });
}
