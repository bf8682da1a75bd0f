import type { Permissions } from '../../../gen/parley/signal/v1/room_pb.ts';
import type { SessionPolicy } from './session-store.ts';

/** What a token may be used for: entering rooms, listing them, operating the server, acting as a service. */
export type Scope = 'join' | 'list' | 'operate' | 'service';

/** Rights in one room, as a token grants them. */
export interface RoomGrant {
  /** Absent: what the room's policy says. */
  readonly permissions?: Permissions;
}

/** Who a token names, and what it says of them. */
export interface Identity {
  readonly userId: string;
  /** For people to see; empty where the token does not say. */
  readonly displayName: string;
  readonly avatarUrl: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Grants by room id; `*` stands for every room. */
  readonly rooms: ReadonlyMap<string, RoomGrant>;
  readonly sessionPolicy: SessionPolicy;
  /** The reconnection window that the token asks for, in milliseconds, within the server's maximum. Absent: the default. */
  readonly reconnectionWindowMs?: number;
  /** When the token is no longer accepted, the clock skew counted, in milliseconds since 1970. Absent: never. */
  readonly expiresAtMs?: number;
}

/** A room access token: it lets one user (or whoever holds it) into one room. */
export interface JoinToken {
  readonly roomId: string;
  /** The only user that it is for. Absent: whoever holds it. */
  readonly userId?: string;
  readonly grant: RoomGrant;
}

/**
 * Reads tokens. Both calls reject with `SignalError`: TOKEN_EXPIRED for a token that was good, TOKEN_INVALID for every other
 * fault of the token (the message names the fault, never the token), UNAVAILABLE when the keys can't be fetched.
 */
export interface TokenVerifier {
  verify(token: string): Promise<Identity>;
  verifyJoinToken(token: string): Promise<JoinToken>;
}
