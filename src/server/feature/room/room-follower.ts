import { create } from '@bufbuild/protobuf';
import { PermissionsSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { type MemberView, type RoomView, readRoom } from '../../domain/room-view.ts';
import type { Entry, Position, RoomLog, StreamState } from '../../port/room-log.ts';
import type { SessionStore } from '../../port/session-store.ts';
import type { Session } from '../../session/session.ts';
import type { Place } from '../../session/stream-tail.ts';
import { RoomReceiver } from './room-receiver.ts';

/** A session's membership of a living room, at one moment. */
export interface Standing {
  readonly state: StreamState;
  readonly room: RoomView;
  readonly member: MemberView;
}

/** Lets the connection of a member follow its room. */
export class RoomFollower {
  readonly #roomLog: RoomLog;
  readonly #store: SessionStore;

  constructor(roomLog: RoomLog, store: SessionStore) {
    this.#roomLog = roomLog;
    this.#store = store;
  }

  /** Undefined: the session is not that peer of the room. */
  async standing(session: Session, roomId: string, peerId: string): Promise<Standing | undefined> {
    const state = await this.#roomLog.state(`room:${roomId}`);
    const room = readRoom(state);
    const member = room?.members.get(peerId);
    if (state === undefined || room === undefined || member?.record.sessionId !== session.sessionId)
      return undefined;
    return { state, room, member };
  }

  receiver(session: Session, roomId: string, { member }: Standing, place: Place): RoomReceiver {
    const permissions = member.peer.permissions ?? create(PermissionsSchema);
    const receiver: RoomReceiver = new RoomReceiver(session, roomId, member, permissions, place, () => {
      if (session.rooms.get(roomId) === receiver) session.rooms.delete(roomId);
      this.#store
        .removeRoom(session, session.gen, roomId, member.join)
        .catch((error: unknown) => session.log.error('session.remove_room', error, { room: roomId }));
    });
    return receiver;
  }

  /** From now on the session's frames may name the room; what was missed goes out, then what comes. */
  start(session: Session, receiver: RoomReceiver, after: Position, missed: readonly Entry[]): void {
    session.entering.delete(receiver.roomId);
    if (!session.connected) {
      receiver.unfollow();
      return;
    }
    session.rooms.get(receiver.roomId)?.unfollow();
    session.rooms.set(receiver.roomId, receiver);
    receiver.start(after, missed);
  }
}
