import { fromBinary } from '@bufbuild/protobuf';
import { EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { LeaveReason } from '../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../shared/signal-error.ts';
import { eventBody } from '../frame/event-body.ts';
import { type Decision, done, refuse } from '../port/decision.ts';
import type { Check, Position, StreamState } from '../port/room-log.ts';
import { firstTag, tagOf } from './event-tag.ts';
import { findMember } from './join.ts';
import { readRoom, roomField } from './room-view.ts';

/**
 * Decides on a session leaving, by itself or ended: the member that is removed is the one `peer_left`. `gen`: the session's when it
 * was decided that it leaves; a member that a later one has stays.
 */
export function decideLeave(
  state: StreamState | undefined,
  { sessionId, gen }: { readonly sessionId: string; readonly gen: number },
  reason: LeaveReason,
): Decision {
  const peerId = findMember(state, sessionId);
  const member = peerId === undefined ? undefined : state?.members.get(peerId);
  if (peerId === undefined || member === undefined || member.gen > gen) return done;
  return removal(peerId, { ...present(peerId, member.joined), maxGen: gen }, reason);
}

/** Decides on a host putting a peer out. */
export function decideKick(state: StreamState | undefined, hostPeerId: string, peerId: string): Decision {
  const room = readRoom(state);
  const host = room?.members.get(hostPeerId);
  if (host === undefined) return refuse(ErrorCode.NOT_IN_ROOM, 'the sender is no member of the room');
  if (host.peer.permissions?.host !== true)
    return refuse(ErrorCode.PERMISSION_DENIED, 'only a host may put a peer out');
  const member = room?.members.get(peerId);
  if (member === undefined) return refuse(ErrorCode.PEER_NOT_FOUND, 'no member of the room has this peer id');
  return removal(peerId, present(peerId, member.record.joined), LeaveReason.KICKED);
}

/** Decides on a host ending the room for everyone. What begins under its id later is another room. */
export function decideClose(state: StreamState | undefined, hostPeerId: string, reason: string): Decision {
  const room = readRoom(state);
  const host = room?.members.get(hostPeerId);
  if (room === undefined || host === undefined)
    return refuse(ErrorCode.NOT_IN_ROOM, 'the sender is no member of the room');
  if (host.peer.permissions?.host !== true)
    return refuse(ErrorCode.PERMISSION_DENIED, 'only a host may close the room');
  return {
    kind: 'commit',
    // Exactly those who are named as gone are removed: whoever comes or goes meanwhile makes the decision be taken anew.
    checks: [
      ...Array.from(room.members, ([peerId, { record }]) => present(peerId, record.joined)),
      { kind: 'members-below', limit: room.members.size + 1, otherwise: ErrorCode.UNAVAILABLE },
    ],
    changes: [
      { kind: 'remove-all-members' },
      ...Object.values(roomField).map((field) => ({ kind: 'delete', field }) as const),
    ],
    entry: { to: 'all', body: eventBody('roomClosed', { reason, peerIds: [...room.members.keys()] }) },
  };
}

/** Whether an entry for all takes a peer out of the room. `body` is the encoded field of an `Event`. */
export function takesOut(body: Uint8Array, peerId: string): boolean {
  if (!departures.has(firstTag(body))) return false;
  const event = fromBinary(EventSchema, body).body;
  if (event.case === 'peerLeft') return event.value.peerId === peerId;
  return event.case === 'roomClosed' && event.value.peerIds.includes(peerId);
}

const departures: ReadonlySet<number> = new Set([
  tagOf(EventSchema.field.peerLeft),
  tagOf(EventSchema.field.roomClosed),
]);

function removal(peerId: string, check: Check, reason: LeaveReason): Decision {
  return {
    kind: 'commit',
    checks: [check],
    changes: [{ kind: 'remove-member', peerId }],
    entry: { to: 'all', body: eventBody('peerLeft', { peerId, reason }) },
  };
}

function present(peerId: string, joined: Position) {
  return { kind: 'member', peerId, joined, otherwise: ErrorCode.PEER_NOT_FOUND } as const;
}
