import { create } from '@bufbuild/protobuf';
import { PermissionsSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { CloseCode } from '../../../shared/close-codes.ts';
import { takesOut } from '../../domain/departure.ts';
import { fieldsAfter } from '../../domain/put-back.ts';
import { type MemberView, type RoomView, readRoom } from '../../domain/room-view.ts';
import type { PresenceView } from '../../port/presence-view.ts';
import type { Position, RoomLog, StreamState } from '../../port/room-log.ts';
import type { LastKnown, RoomMembership, Session } from '../../session/session.ts';
import type { SessionKeeper } from '../../session/session-keeper.ts';
import type { StreamFeed, StreamFeedOptions } from '../../session/stream-feed.ts';
import type { TailPlace } from '../../session/stream-tail.ts';
import { ownCopy } from './own-copy.ts';
import { SharedFields } from './shared-fields.ts';

/** A session's membership of a living room, at one moment. */
export interface Standing {
  readonly state: StreamState;
  readonly room: RoomView;
  readonly member: MemberView;
}

export interface RoomFollowerOptions {
  readonly roomLog: RoomLog;
  readonly keeper: SessionKeeper;
  readonly presence: PresenceView;
  readonly makeFeed: (options: StreamFeedOptions) => StreamFeed;
}

/** Rooms that a session's connection can't follow on from where it was. */
export interface LostFeeds {
  /** The log does not have what follows. The feed has stopped. */
  readonly onLost: (session: Session, roomId: string) => void;
}

/** Undefined: the session is not that peer of the room. */
export function standingIn(
  state: StreamState | undefined,
  session: Session,
  peerId: string,
): Standing | undefined {
  const room = readRoom(state);
  const member = room?.members.get(peerId);
  if (state === undefined || room === undefined || member?.record.sessionId !== session.sessionId)
    return undefined;
  return { state, room, member };
}

/** Lets the connection of a member follow its room. */
export class RoomFollower {
  readonly #options: RoomFollowerOptions & LostFeeds;
  readonly #fields = new SharedFields();

  constructor(options: RoomFollowerOptions & LostFeeds) {
    this.#options = options;
  }

  /** Undefined: the session is not that peer of the room. */
  async standing(session: Session, roomId: string, peerId: string): Promise<Standing | undefined> {
    return standingIn(await this.#options.roomLog.state(`room:${roomId}`), session, peerId);
  }

  /**
   * The room as it is now, for a session that follows it: everything up to then is sent first, and nothing after it until
   * `feed.release()`. Undefined: the session is out of the room.
   */
  async snapshot(session: Session, { roomId, peerId, feed }: RoomMembership): Promise<Standing | undefined> {
    feed.hold();
    try {
      const standing = await this.standing(session, roomId, peerId);
      if (standing !== undefined && (await feed.catchUp(standing.state.head))) return standing;
    } catch (error) {
      feed.release();
      throw error;
    }
    feed.release();
    return undefined;
  }

  /** From now on the session's frames may name the room, and its connection gets what comes after a position. */
  follow(
    session: Session,
    roomId: string,
    { state, member }: Standing,
    place: TailPlace,
    after: Position,
    isHead: boolean,
  ): void {
    session.entering.delete(roomId);
    if (!session.connected) {
      place.leave();
      return;
    }
    session.rooms.get(roomId)?.feed.stop();
    const lastKnown: LastKnown = {
      memberInfo: ownCopy(member.record.info),
      fields: this.#fields.copyOf(roomId, state.fields),
    };
    const membership = this.#membership(session, roomId, member, lastKnown, place);
    session.rooms.set(roomId, membership);
    this.#options.presence.renew(roomId, session.userId);
    membership.feed.start(after, isHead);
  }

  #membership(
    session: Session,
    roomId: string,
    { peer, record, join }: MemberView,
    lastKnown: LastKnown,
    place: TailPlace,
  ): RoomMembership {
    const { roomLog, makeFeed, onLost } = this.#options;
    const { peerId } = peer;
    const stream = `room:${roomId}` as const;
    const feed = makeFeed({
      stream,
      name: roomId,
      route: record.joined.offset,
      log: roomLog,
      place,
      outbound: session.outbound,
      onSent: (entry) => {
        if (entry.route !== 0) return;
        const changed = fieldsAfter(lastKnown.fields, entry.body);
        if (changed !== undefined) lastKnown.fields = this.#fields.copyOf(roomId, changed);
        if (takesOut(entry.body, peerId)) this.#takenOut(session, membership);
      },
      onLost: () => {
        if (session.rooms.get(roomId) === membership) onLost(session, roomId);
      },
      onBroken: () => session.close(CloseCode.INTERNAL, 'the server failed with this connection'),
    });
    const permissions = peer.permissions ?? create(PermissionsSchema);
    const { joined } = record;
    const membership = { roomId, stream, peerId, join, joined, permissions, lastKnown, feed };
    return membership;
  }

  #takenOut(session: Session, membership: RoomMembership): void {
    const { roomId, feed } = membership;
    feed.stop();
    if (session.rooms.get(roomId)?.feed === feed) session.rooms.delete(roomId);
    this.#options.keeper.removeRoom(session, roomId, membership);
  }
}
