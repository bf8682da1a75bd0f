import { LeaveReason as LeaveReasonCode } from '../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode, type SignalError } from '../../shared/signal-error.ts';

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

const reasonsByError: ReadonlyMap<ErrorCode, LeaveReason> = new Map<ErrorCode, LeaveReason>([
  [ErrorCode.SIGNED_OUT, 'left'],
  [ErrorCode.KICKED, 'kicked'],
  [ErrorCode.SESSION_REPLACED, 'replaced'],
  [ErrorCode.STALE_SESSION, 'replaced'],
  [ErrorCode.TOKEN_EXPIRED, 'token_expired'],
]);

/** Why the client is out of a room after this error. `otherwise`: where the error does not say. */
export function leaveReasonAfter(error: SignalError, otherwise: LeaveReason): LeaveReason {
  return reasonsByError.get(error.code) ?? otherwise;
}
