import { LeaveReason as LeaveReasonCode } from '../../../gen/parley/signal/v1/room_pb.ts';
import { CloseCode } from '../../shared/close-codes.ts';

/** Why a peer is no longer in a room. `unknown`: it went while the client was away, or a newer server gave another reason. */
export type LeaveReason =
  | 'left'
  | 'connection_lost'
  | 'kicked'
  | 'room_closed'
  | 'replaced'
  | 'token_expired'
  | 'unknown';

const reasons: ReadonlyMap<LeaveReasonCode, LeaveReason> = new Map([
  [LeaveReasonCode.LEFT, 'left'],
  [LeaveReasonCode.CONNECTION_LOST, 'connection_lost'],
  [LeaveReasonCode.KICKED, 'kicked'],
  [LeaveReasonCode.ROOM_CLOSED, 'room_closed'],
  [LeaveReasonCode.REPLACED, 'replaced'],
  [LeaveReasonCode.TOKEN_EXPIRED, 'token_expired'],
]);

export function leaveReasonFrom(code: LeaveReasonCode): LeaveReason {
  return reasons.get(code) ?? 'unknown';
}

const reasonsByClose: ReadonlyMap<number, LeaveReason> = new Map<number, LeaveReason>([
  [CloseCode.SIGNED_OUT, 'left'],
  [CloseCode.KICKED, 'kicked'],
  [CloseCode.REPLACED_BY_NEW_SESSION, 'replaced'],
  [CloseCode.TOKEN_EXPIRED, 'token_expired'],
]);

/** Why the client is out of its rooms after a close that it does not come back from. */
export function leaveReasonAfterClose(code: number): LeaveReason {
  return reasonsByClose.get(code) ?? 'connection_lost';
}
