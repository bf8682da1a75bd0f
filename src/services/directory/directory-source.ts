import type { RoomRecord, User } from '../../../gen/parley/directory/v1/directory_pb.ts';
import type { Permissions } from '../../../gen/parley/signal/v1/room_pb.ts';

/** Whether a user may enter a room. */
export type JoinAnswer =
  /** `permissions` absent: as the room's policy says. */
  | { readonly allowed: true; readonly permissions?: Permissions }
  /** `reason` is fit to show to the user. */
  | { readonly allowed: false; readonly reason: string };

/** What a Directory Service answers from. At hand in memory: no call waits or fails. */
export interface DirectorySource {
  /** Undefined: there is no such room. */
  room(roomId: string): RoomRecord | undefined;
  authorizeJoin(roomId: string, userId: string): JoinAnswer;
  /** Undefined: the user is not known. */
  user(userId: string): User | undefined;
  /** The ids of those who hear when the user comes and goes. */
  contacts(userId: string): readonly string[];
}
