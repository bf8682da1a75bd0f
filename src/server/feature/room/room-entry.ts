import { create } from '@bufbuild/protobuf';
import {
  type JoinRoom,
  type RoomJoined,
  RoomJoinedSchema,
} from '../../../../gen/parley/signal/v1/room_pb.ts';
import type { Clock } from '../../../shared/clock.ts';
import { maxRoomsPerSession } from '../../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { alreadyIn, decideJoin, findMember } from '../../domain/join.ts';
import { readRoom, snapshotOf } from '../../domain/room-view.ts';
import { decideAndCommit } from '../../port/decision.ts';
import type { Directory, UserProfile } from '../../port/directory.ts';
import type { RoomLog, Source, StreamState } from '../../port/room-log.ts';
import type { Session } from '../../session/session.ts';
import type { SessionKeeper } from '../../session/session-keeper.ts';
import type { StreamTails, TailPlace } from '../../session/stream-tail.ts';
import type { Admission, AdmissionDesk } from './admission.ts';
import { derivedId } from './derived-id.ts';
import type { RoomFollower, Standing } from './room-follower.ts';

export interface RoomEntryOptions {
  readonly roomLog: RoomLog;
  readonly keeper: SessionKeeper;
  readonly directory: Directory;
  readonly desk: AdmissionDesk;
  readonly tails: StreamTails;
  readonly follower: RoomFollower;
  readonly clock: Clock;
  /** Whether the room may lack members that are being put back. */
  readonly isSettling: (roomId: string) => boolean;
}

/** A join that holds. The reply goes out first, then `follow` brings what came after it. */
export interface Entered {
  readonly joined: RoomJoined;
  readonly follow: () => void;
}

/** How often a join is admitted at most, where the room ends and begins again meanwhile. */
const maxAdmissions = 3;

/** The way of a session into a room. */
export class RoomEntry {
  readonly #options: RoomEntryOptions;

  constructor(options: RoomEntryOptions) {
    this.#options = options;
  }

  /**
   * Joins as the peer that is asked for, or as one that is chosen here; a session that is in the room already is answered the same.
   * `request` has its room.
   */
  async join(session: Session, request: JoinRoom, source: Source): Promise<Entered> {
    const { roomId } = request;
    const again = await this.#again(session, request);
    if (again !== undefined) return again;
    this.#reserve(session, roomId);
    try {
      return await this.#withPlace(roomId, async (place) => {
        const state = await this.#options.roomLog.state(`room:${roomId}`);
        const own = findMember(state, session.sessionId);
        const peerId = request.peerId || (own ?? derivedId('peer', source.id, source.seq));
        if (own !== undefined && own !== peerId) throw alreadyIn(own);
        if (own === undefined) await this.#enter(session, { ...request, peerId }, source, state);
        const standing = await this.#options.follower.standing(session, roomId, peerId);
        if (standing === undefined)
          throw new SignalError(ErrorCode.NOT_IN_ROOM, 'the peer was put out as it joined');
        // It may have come in by a join of which nobody knew what became.
        if (own !== undefined)
          await this.#options.keeper.addRoom(session, roomId, { peerId, join: standing.member.join });
        const { head } = standing.state;
        return {
          joined: this.#joinedAs(roomId, standing),
          follow: () => this.#options.follower.follow(session, roomId, standing, place, head, true),
        };
      });
    } catch (error) {
      session.entering.delete(roomId);
      throw error;
    }
  }

  /** The answer to a session that follows the room already. Undefined: it is out of the room, or was never in. */
  async #again(session: Session, { roomId, peerId }: JoinRoom): Promise<Entered | undefined> {
    const membership = session.rooms.get(roomId);
    if (membership === undefined) return undefined;
    if (peerId !== '' && peerId !== membership.peerId) throw alreadyIn(membership.peerId);
    const standing = await this.#options.follower.snapshot(session, membership);
    return standing && { joined: this.#joinedAs(roomId, standing), follow: () => membership.feed.release() };
  }

  #joinedAs(roomId: string, { state, room, member }: Standing): RoomJoined {
    const isSettling = this.#options.isSettling(roomId);
    return create(RoomJoinedSchema, {
      room: snapshotOf(roomId, state, room, member.peer.peerId, isSettling),
      created: room.createdByJoin === member.join,
    });
  }

  /** Counts the room from now on: joins that are asked for together must not pass the limit together. */
  #reserve({ rooms, entering }: Session, roomId: string): void {
    const others = new Set([...rooms.keys(), ...entering]);
    others.delete(roomId);
    if (others.size >= maxRoomsPerSession) {
      const message = `the session is in ${others.size} rooms or on its way into them, the limit is ${maxRoomsPerSession}`;
      throw new SignalError(ErrorCode.TOO_MANY_ROOMS, message);
    }
    entering.add(roomId);
  }

  async #withPlace(roomId: string, use: (place: TailPlace) => Promise<Entered>): Promise<Entered> {
    const place = await this.#options.tails.take(`room:${roomId}`);
    try {
      return await use(place);
    } catch (error) {
      place.leave();
      throw error;
    }
  }

  /** Names the room in the session's record and makes the member, or leaves the record as it was. */
  async #enter(
    session: Session,
    request: JoinRoom,
    source: Source,
    found: StreamState | undefined,
  ): Promise<void> {
    const { roomId } = request;
    const before = session.joins.get(roomId);
    try {
      await this.#admitAndCommit(session, request, source, found);
    } catch (error) {
      if (hadNoEffect(error)) this.#options.keeper.takeBack(session, roomId, before);
      throw error;
    }
  }

  /** Again where the room that it was admitted to has ended meanwhile. */
  async #admitAndCommit(
    session: Session,
    request: JoinRoom,
    source: Source,
    found: StreamState | undefined,
  ): Promise<void> {
    const { roomLog, desk, directory } = this.#options;
    const { roomId, joinToken } = request;
    const { identity } = session;
    const profile = profileOf(session, directory);
    let state = found;
    for (let tries = 1; ; tries++) {
      const living = readRoom(state);
      const admission = await desk.admit({ identity, roomId, joinToken, living });
      try {
        await this.#commit(session, request, source, { ...admission, ...(await profile) });
        return;
      } catch (error) {
        const hasEnded =
          living !== undefined && error instanceof SignalError && error.code === ErrorCode.ROOM_NOT_FOUND;
        if (!hasEnded || tries === maxAdmissions) throw error;
        state = await roomLog.state(`room:${roomId}`);
      }
    }
  }

  async #commit(
    session: Session,
    { roomId, peerId, attributes }: JoinRoom,
    source: Source,
    entrant: Admission & UserProfile,
  ): Promise<void> {
    const { roomLog, keeper, clock } = this.#options;
    const join = `${source.id}:${source.seq}`;
    await keeper.addRoom(session, roomId, { peerId, join });
    const decided = await decideAndCommit(roomLog, `room:${roomId}`, source, (state) =>
      decideJoin(state, { ...entrant, peerId, session, join, attributes, nowMs: clock.now() }),
    );
    if (decided.kind === 'committed') session.log.info('room.join', { room: roomId, peer: peerId });
  }
}

/** Whether a failed join surely left no member behind, and will leave none. A failure that is no `SignalError` may be any. */
function hadNoEffect(error: unknown): boolean {
  return error instanceof SignalError && error.code !== ErrorCode.OUTCOME_UNKNOWN;
}

async function profileOf({ identity }: Session, directory: Directory): Promise<UserProfile> {
  const { displayName, avatarUrl, userId } = identity;
  if (displayName !== '' && avatarUrl !== '') return { displayName, avatarUrl };
  // A name is no reason to refuse a join: without the Directory the peer goes by what the token says.
  const known = await directory.getUser(userId).catch(() => undefined);
  return {
    displayName: displayName || (known?.displayName ?? ''),
    avatarUrl: avatarUrl || (known?.avatarUrl ?? ''),
  };
}
