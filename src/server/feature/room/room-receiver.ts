import { create } from '@bufbuild/protobuf';
import type { Permissions } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { type StreamPosition, StreamPositionSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { CloseCode } from '../../../shared/close-codes.ts';
import { takesOut } from '../../domain/departure.ts';
import type { MemberView } from '../../domain/room-view.ts';
import { eventFrame } from '../../frame/server-frame.ts';
import type { Entry, Position } from '../../port/room-log.ts';
import type { RoomMembership, Session } from '../../session/session.ts';
import type { Place, Receiver } from '../../session/stream-tail.ts';

/** Brings a room's events to one of its members, until the member is out of the room or the connection is gone. */
export class RoomReceiver implements Receiver, RoomMembership {
  readonly roomId: string;
  readonly peerId: string;
  readonly join: string;
  readonly number: number;
  readonly permissions: Permissions;
  readonly #session: Session;
  readonly #place: Place;
  /** Called when an event took the member out of the room. */
  readonly #takenOut: () => void;
  #delivered: Position = { epoch: 0, offset: 0 };
  #isOut = false;

  constructor(
    session: Session,
    roomId: string,
    member: MemberView,
    permissions: Permissions,
    place: Place,
    takenOut: () => void,
  ) {
    this.#session = session;
    this.roomId = roomId;
    this.peerId = member.peer.peerId;
    this.join = member.join;
    this.number = member.record.number;
    this.permissions = permissions;
    this.#place = place;
    this.#takenOut = takenOut;
  }

  /** Sends what was missed, then everything after it as it comes. */
  start(after: Position, missed: readonly Entry[]): void {
    this.#delivered = after;
    for (const entry of missed) {
      if (entry.route === 0 || entry.route === this.number)
        this.deliver(entry, eventFrame(this.roomId, entry));
      else this.#delivered = entry.position;
    }
    if (!this.#isOut) this.#place.follow(this, this.#delivered);
  }

  deliver(entry: Entry, frame: Uint8Array): void {
    if (this.#isOut || !isAfter(entry.position, this.#delivered)) return;
    this.#delivered = entry.position;
    this.#session.send(frame);
    if (entry.route === 0 && takesOut(entry.body, this.peerId)) {
      this.#isOut = true;
      this.unfollow();
      this.#takenOut();
    }
  }

  deliverPublished(frame: Uint8Array): void {
    this.#session.send(frame);
  }

  broken(): void {
    this.#isOut = true;
    this.unfollow();
    this.#session.close(CloseCode.INTERNAL, 'the server failed with this connection');
  }

  delivered(): StreamPosition {
    const passed = this.#place.passed();
    const { epoch, offset } =
      passed !== undefined && isAfter(passed, this.#delivered) ? passed : this.#delivered;
    return create(StreamPositionSchema, { stream: this.roomId, epoch, offset });
  }

  unfollow(): void {
    this.#place.leave();
  }
}

function isAfter(one: Position, other: Position): boolean {
  return one.epoch !== other.epoch || one.offset > other.offset;
}
