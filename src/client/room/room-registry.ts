import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { RoomJoined, RoomSnapshot } from '../../../gen/parley/signal/v1/room_pb.ts';
import type { ResumedRoom } from '../../../gen/parley/signal/v1/session_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { expectResult, type RequestBody, type RequestResult } from '../session/request.ts';
import { replay } from '../stream/replay.ts';
import type { Position } from '../stream/stream-cursor.ts';
import type { JoinOptions } from './join-options.ts';
import type { LeaveReason } from './leave-reason.ts';
import { requestLeave } from './leave-request.ts';
import type { Room } from './room.ts';
import type { RoomLink } from './room-link.ts';
import { RoomMembership } from './room-membership.ts';

/** Events kept for rooms whose join was not answered yet. */
const maxEarly = 1_024;

/** The rooms that the client is in. */
export class RoomRegistry {
  readonly #link: RoomLink;
  readonly #memberships = new Map<string, RoomMembership>();
  /** Room ids of joins without an answer. After a resume, a room's events may come before the answer to its join, sent again. */
  readonly #joining: string[] = [];
  #early: Event[] = [];

  constructor(link: RoomLink) {
    this.#link = link;
  }

  async join(roomId: string, options: JoinOptions): Promise<Room> {
    // A leave that has to be asked anew would otherwise come behind the join, and undo it.
    const known = this.#memberships.get(roomId);
    if (known?.isLeaving === true) await known.leaveSettled();
    const { peerId = '', attributes = {}, joinToken = '' } = options;
    const body: RequestBody = {
      case: 'joinRoom',
      value: { roomId, peerId, attributes: { ...attributes }, joinToken },
    };
    this.#joining.push(roomId);
    try {
      const onLate = (result: RequestResult) => this.#leaveLate(result);
      const result = await this.#link.request(body, { outlives: 'client', onLate });
      return this.#joined(expectResult(result, 'roomJoined'), options).room;
    } finally {
      this.#joining.splice(this.#joining.indexOf(roomId), 1);
      if (this.#joining.length === 0) this.#early = [];
    }
  }

  take(event: Event): void {
    const membership = this.#memberships.get(event.stream);
    if (membership !== undefined) membership.take(event);
    else if (this.#joining.length > 0 && this.#early.length < maxEarly) this.#early.push(event);
  }

  delivered(roomId: string, position: Position): void {
    this.#memberships.get(roomId)?.delivered(position);
  }

  /** How far each room was read. */
  positions(): { readonly stream: string; readonly position: Position }[] {
    return [...this.#memberships].flatMap(([stream, { position }]) =>
      position === undefined ? [] : [{ stream, position }],
    );
  }

  disconnected(): void {
    for (const membership of this.#memberships.values()) membership.disconnected();
  }

  /** The session came back, with these rooms. True: all of them go on without a gap. */
  resumed(rooms: readonly ResumedRoom[]): boolean {
    const outcomes = new Map(rooms.map(({ roomId, outcome }) => [roomId, outcome]));
    let recovered = true;
    for (const [roomId, membership] of [...this.#memberships]) {
      const outcome = outcomes.get(roomId);
      recovered &&= outcome?.case === 'recovered' || outcome?.case === 'settling';
      if (outcome?.case === 'snapshot' && membership.isBeforeLoss(outcome.value)) this.#link.forsake(roomId);
      membership.resumed(outcome);
    }
    return recovered;
  }

  /** A room that was settling when the session came back. */
  settled({ roomId, outcome }: ResumedRoom): void {
    this.#memberships.get(roomId)?.resumed(outcome);
  }

  /** Another session has begun, which is in no room yet. */
  returnToRooms(): void {
    for (const membership of this.#memberships.values()) membership.returnToRoom();
  }

  /** The client is out of all rooms. */
  end(reason: LeaveReason, error: SignalError | undefined): void {
    for (const membership of [...this.#memberships.values()]) membership.end(reason, error);
  }

  #joined({ room, created }: RoomJoined, joinOptions: JoinOptions): RoomMembership {
    if (room === undefined) throw new SignalError(ErrorCode.INTERNAL, 'the server joined without a room');
    const known = this.#memberships.get(room.roomId);
    if (known !== undefined) {
      known.refreshed(room);
      return known;
    }
    return this.#enter(room, created, joinOptions);
  }

  #enter(snapshot: RoomSnapshot, created: boolean, joinOptions: JoinOptions): RoomMembership {
    const { roomId } = snapshot;
    const membership: RoomMembership = new RoomMembership({
      snapshot,
      created,
      joinOptions,
      link: this.#link,
      replay: async (after) => membership.resumed(await replay(this.#link.request, roomId, after)),
      onOut: () => {
        if (this.#memberships.get(roomId) === membership) this.#memberships.delete(roomId);
      },
    });
    this.#memberships.set(roomId, membership);
    for (const event of this.#early) if (event.stream === roomId) membership.take(event);
    return membership;
  }

  /** Nobody waits for the join any more: the session must not stay in a room that nobody knows of. */
  #leaveLate(result: RequestResult): void {
    const roomId = result.case === 'roomJoined' ? (result.value.room?.roomId ?? '') : '';
    const isDue = () => roomId !== '' && !this.#memberships.has(roomId) && !this.#joining.includes(roomId);
    requestLeave(this.#link.request, roomId, isDue).catch((error: unknown) => this.#link.onError(error));
  }
}
