import type { Peer as PeerMessage } from '../../../gen/parley/signal/v1/room_pb.ts';

/** What a peer may do in a room. */
export interface PeerPermissions {
  readonly publish: boolean;
  readonly subscribe: boolean;
  readonly chat: boolean;
  readonly relay: boolean;
  readonly host: boolean;
}

/** A member of a room, as it is now: a change makes a new object. */
export interface Peer {
  /** The membership's id, a UUID. */
  readonly peerId: string;
  readonly userId: string;
  /** The name to show. */
  readonly displayName: string;
  /** A picture's URL; empty: none. */
  readonly avatarUrl: string;
  /** What the peer says of itself. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly permissions: PeerPermissions;
  /** Who has the higher one came later. */
  readonly joinedOffset: number;
  readonly joinedAt: Date;
  /** Whether this is the client's own membership. */
  readonly isSelf: boolean;
}

export function peerFrom(message: PeerMessage, ownPeerId: string): Peer {
  const {
    publish = false,
    subscribe = false,
    chat = false,
    relay = false,
    host = false,
  } = message.permissions ?? {};
  return {
    peerId: message.peerId,
    userId: message.userId,
    displayName: message.displayName,
    avatarUrl: message.avatarUrl,
    attributes: { ...message.attributes },
    permissions: { publish, subscribe, chat, relay, host },
    joinedOffset: message.joinedOffset,
    joinedAt: new Date(Number(message.joinedAtMs)),
    isSelf: message.peerId === ownPeerId,
  };
}

/**
 * Whether two states of one peer id are the same membership, not one that ended and one that took its id. One that the server lost and
 * put back has another `joinedOffset`, and is the same.
 */
export function isSameMembership(one: Peer, other: Peer): boolean {
  return (
    one.peerId === other.peerId &&
    one.userId === other.userId &&
    one.joinedAt.getTime() === other.joinedAt.getTime()
  );
}
