import type { RoomRecord } from '../../../gen/parley/directory/v1/directory_pb.ts';
import type { Permissions } from '../../../gen/parley/signal/v1/room_pb.ts';

export type JoinDecision =
  | { readonly allowed: true; readonly permissions?: Permissions }
  | { readonly allowed: false; readonly reason: string };

export interface UserProfile {
  readonly displayName: string;
  readonly avatarUrl: string;
}

/**
 * What the adopter knows of rooms and people. Read-only. Each call has a deadline of its own and rejects with
 * `SignalError` DIRECTORY_UNAVAILABLE, retryable, when no answer came.
 */
export interface Directory {
  /** Undefined: there is no such room. */
  getRoom(roomId: string): Promise<RoomRecord | undefined>;
  authorizeJoin(roomId: string, userId: string): Promise<JoinDecision>;
  /** Undefined: the user is not known. */
  getUser(userId: string): Promise<UserProfile | undefined>;
}
