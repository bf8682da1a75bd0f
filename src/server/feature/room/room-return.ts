import { create } from '@bufbuild/protobuf';
import {
  type ResumedRoom,
  ResumedRoomSchema,
  type StreamPosition,
} from '../../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { type MemberView, snapshotOf } from '../../domain/room-view.ts';
import { errorMessage } from '../../frame/error-message.ts';
import type { Entry, Position, RoomLog } from '../../port/room-log.ts';
import type { JoinRecord, SessionStore } from '../../port/session-store.ts';
import type { Session } from '../../session/session.ts';
import type { Place, StreamTails } from '../../session/stream-tail.ts';
import type { RoomFollower, Standing } from './room-follower.ts';

export interface RoomReturnOptions {
  readonly roomLog: RoomLog;
  readonly store: SessionStore;
  readonly tails: StreamTails;
  readonly follower: RoomFollower;
}

/** How a room stands for a session that is in it already. The client is told first, then `follow` brings what came since. */
export interface Returned {
  readonly room: ResumedRoom;
  readonly follow: () => void;
}

const readBytes = 1_048_576;

/** The way of a session back to where it was in a room. */
export class RoomReturn {
  readonly #options: RoomReturnOptions;

  constructor(options: RoomReturnOptions) {
    this.#options = options;
  }

  /** From the position, where the log still has what came after it; else the room as it is now. */
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

  async #from(
    place: Place,
    session: Session,
    roomId: string,
    held: JoinRecord,
    position: StreamPosition | undefined,
  ): Promise<Returned> {
    const { follower, store } = this.#options;
    const standing =
      (await follower.standing(session, roomId, held.peerId)) ?? (await this.#fenced(session, roomId, held));
    if (standing === undefined) {
      await store.removeRoom(session, session.gen, roomId, held.join);
      place.leave();
      return {
        room: resumed(roomId, { case: 'error', value: errorMessage(gone()) }),
        follow: () => undefined,
      };
    }
    const { state, room, member } = standing;
    const missed = position && (await this.#missed(roomId, position, member));
    const receiver = follower.receiver(session, roomId, standing, place);
    if (position !== undefined && missed !== undefined) {
      return {
        room: resumed(roomId, { case: 'recovered', value: position }),
        follow: () => follower.start(session, receiver, position, missed),
      };
    }
    return {
      room: resumed(roomId, { case: 'snapshot', value: snapshotOf(roomId, state, room, held.peerId) }),
      follow: () => follower.start(session, receiver, state.head, []),
    };
  }

  /**
   * Looks again when the session's former connection can do nothing in the room any more: a join of its may have been on its way,
   * and a session must not be forgotten by a room that it is in.
   */
  async #fenced(session: Session, roomId: string, { peerId }: JoinRecord): Promise<Standing | undefined> {
    const source = session.source(0);
    await this.#options.roomLog.commit(`room:${roomId}`, { source, checks: [], changes: [] });
    return this.#options.follower.standing(session, roomId, peerId);
  }

  /** What came after a position, or undefined where that is not whole: unknown, too old, or from before the member's join. */
  async #missed(
    roomId: string,
    position: Position,
    { record }: MemberView,
  ): Promise<readonly Entry[] | undefined> {
    if (position.epoch === record.epoch && position.offset < record.number) return undefined;
    const missed: Entry[] = [];
    for (let after: Position = position; ; ) {
      const read = await this.#options.roomLog.read(`room:${roomId}`, after, readBytes);
      if (!read.good) return undefined;
      missed.push(...read.entries);
      if (read.complete) return missed;
      after = read.entries.at(-1)?.position ?? after;
    }
  }
}

function gone(): SignalError {
  return new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is no longer in the room');
}

function resumed(roomId: string, outcome: ResumedRoom['outcome']): ResumedRoom {
  return create(ResumedRoomSchema, { roomId, outcome });
}
