import { create } from '@bufbuild/protobuf';
import {
  type JoinRoom,
  PermissionsSchema,
  type RoomJoined,
  RoomJoinedSchema,
} from '../../../../gen/parley/signal/v1/room_pb.ts';
import {
  type ResumedRoom,
  ResumedRoomSchema,
  type StreamPosition,
} from '../../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../../shared/clock.ts';
import { maxRoomsPerSession } from '../../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { decideJoin } from '../../domain/join.ts';
import { type MemberView, type RoomView, readRoom, snapshotOf } from '../../domain/room-view.ts';
import { errorMessage } from '../../frame/error-message.ts';
import { decideAndCommit } from '../../port/decision.ts';
import type { Directory } from '../../port/directory.ts';
import type { Log } from '../../port/log.ts';
import type { Entry, Position, RoomLog, Source, StreamState } from '../../port/room-log.ts';
import type { SessionStore } from '../../port/session-store.ts';
import type { Session } from '../../session/session.ts';
import type { Place, StreamTails } from '../../session/stream-tail.ts';
import type { AdmissionDesk } from './admission.ts';
import { RoomReceiver } from './room-receiver.ts';

export interface RoomEntryOptions {
  readonly roomLog: RoomLog;
  readonly store: SessionStore;
  readonly directory: Directory;
  readonly desk: AdmissionDesk;
  readonly tails: StreamTails;
  readonly clock: Clock;
  readonly log: Log;
}

/** A join that holds. The reply goes out first, then `follow` brings what came after it. */
export interface Entered {
  readonly joined: RoomJoined;
  readonly follow: () => void;
}

/** How a room stands for a session that is in it already. */
export interface Returned {
  readonly room: ResumedRoom;
  readonly follow: () => void;
}

interface Standing {
  readonly state: StreamState;
  readonly room: RoomView;
  readonly member: MemberView;
}

const readBytes = 1_048_576;

/** The ways of a session into a room: it joins, or it comes back to where it was. */
export class RoomEntry {
  readonly #options: RoomEntryOptions;

  constructor(options: RoomEntryOptions) {
    this.#options = options;
  }

  /** Joins; a session that is in the room already is answered the same. `request` has its room and peer id. */
  async join(session: Session, request: JoinRoom, source: Source): Promise<Entered> {
    const { roomLog, store, desk, tails, directory, clock } = this.#options;
    const { roomId, peerId } = request;
    const stream = `room:${roomId}` as const;
    const known = session.rooms.get(roomId);
    if (known === undefined && session.rooms.size >= maxRoomsPerSession) {
      const message = `the session is in ${session.rooms.size} rooms, the limit is ${maxRoomsPerSession}`;
      throw new SignalError(ErrorCode.TOO_MANY_ROOMS, message);
    }
    const living = readRoom(await roomLog.state(stream));
    const { identity } = session;
    const admission = await desk.admit({ identity, roomId, joinToken: request.joinToken, living });
    const profile = await profileOf(session, directory);
    if (!(await store.addRoom(session, session.gen, roomId, known?.peerId ?? peerId))) {
      throw new SignalError(ErrorCode.STALE_SESSION, 'the session is attached elsewhere, or has ended');
    }
    const place = await tails.take(stream);
    try {
      const decided = await decideAndCommit(roomLog, stream, source, (state) =>
        decideJoin(state, {
          ...admission,
          ...profile,
          peerId,
          session,
          join: `${source.id}:${source.seq}`,
          attributes: request.attributes,
          nowMs: clock.now(),
        }),
      );
      const standing = await this.#standing(session, roomId, peerId);
      if (standing === undefined)
        throw new SignalError(ErrorCode.NOT_IN_ROOM, 'the peer was put out as it joined');
      if (decided.kind === 'committed') session.log.info('room.join', { room: roomId, peer: peerId });
      return this.#entered(session, roomId, standing, place);
    } catch (error) {
      place.leave();
      if (known === undefined && hadNoEffect(error)) await store.removeRoom(session, session.gen, roomId);
      throw error;
    }
  }

  /** The room again for a member: from a position where the log still has what came after it, else as it is now. */
  async comeBack(
    session: Session,
    roomId: string,
    peerId: string,
    position: StreamPosition | undefined,
  ): Promise<Returned> {
    const { tails, store } = this.#options;
    const place = await tails.take(`room:${roomId}`);
    try {
      const standing = await this.#standing(session, roomId, peerId);
      if (standing === undefined) {
        place.leave();
        await store.removeRoom(session, session.gen, roomId);
        const error = errorMessage(
          new SignalError(ErrorCode.NOT_IN_ROOM, 'the session is no longer in the room'),
        );
        return { room: resumed(roomId, { case: 'error', value: error }), follow: () => undefined };
      }
      const missed =
        position === undefined ? undefined : await this.#missed(roomId, position, standing.member);
      const receiver = this.#receiver(session, roomId, standing, place);
      if (position !== undefined && missed !== undefined) {
        const room = resumed(roomId, { case: 'recovered', value: position });
        return { room, follow: () => this.#start(session, receiver, position, missed) };
      }
      const value = snapshotOf(roomId, standing.state, standing.room, peerId);
      const follow = () => this.#start(session, receiver, standing.state.head, []);
      return { room: resumed(roomId, { case: 'snapshot', value }), follow };
    } catch (error) {
      place.leave();
      throw error;
    }
  }

  #entered(session: Session, roomId: string, standing: Standing, place: Place): Entered {
    const { state, room, member } = standing;
    const joined = create(RoomJoinedSchema, {
      room: snapshotOf(roomId, state, room, member.peer.peerId),
      created: room.createdByJoin === member.join,
    });
    if (session.rooms.get(roomId)?.number === member.record.number) {
      place.leave();
      return { joined, follow: () => undefined };
    }
    const receiver = this.#receiver(session, roomId, standing, place);
    return { joined, follow: () => this.#start(session, receiver, state.head, []) };
  }

  #receiver(session: Session, roomId: string, { member }: Standing, place: Place): RoomReceiver {
    const permissions = member.peer.permissions ?? create(PermissionsSchema);
    const receiver: RoomReceiver = new RoomReceiver(session, roomId, member, permissions, place, () => {
      if (session.rooms.get(roomId) !== receiver) return;
      session.rooms.delete(roomId);
      this.#options.store
        .removeRoom(session, session.gen, roomId)
        .catch((error: unknown) => session.log.error('session.remove_room', error, { room: roomId }));
    });
    return receiver;
  }

  #start(session: Session, receiver: RoomReceiver, after: Position, missed: readonly Entry[]): void {
    if (!session.connected) {
      receiver.unfollow();
      return;
    }
    session.rooms.get(receiver.roomId)?.unfollow();
    session.rooms.set(receiver.roomId, receiver);
    receiver.start(after, missed);
  }

  async #standing(session: Session, roomId: string, peerId: string): Promise<Standing | undefined> {
    const state = await this.#options.roomLog.state(`room:${roomId}`);
    const room = readRoom(state);
    const member = room?.members.get(peerId);
    if (state === undefined || room === undefined || member?.record.sessionId !== session.sessionId)
      return undefined;
    return { state, room, member };
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

/** Whether a failed join surely left no member behind: the session's list of rooms may say too much, never too little. */
function hadNoEffect(error: unknown): boolean {
  return error instanceof SignalError && error.code !== ErrorCode.UNAVAILABLE;
}

function resumed(roomId: string, outcome: ResumedRoom['outcome']): ResumedRoom {
  return create(ResumedRoomSchema, { roomId, outcome });
}

async function profileOf(session: Session, directory: Directory) {
  const { displayName, avatarUrl, userId } = session.identity;
  if (displayName !== '' && avatarUrl !== '') return { displayName, avatarUrl };
  // A name is no reason to refuse a join: without the Directory the peer goes by what the token says.
  const known = await directory.getUser(userId).catch(() => undefined);
  return {
    displayName: displayName || (known?.displayName ?? ''),
    avatarUrl: avatarUrl || (known?.avatarUrl ?? ''),
  };
}
