/**
 * Who is there, for people who operate the store to read: no decision is taken by it. Calls never reject, for a view may say too little
 * for a while.
 */
export interface PresenceView {
  /** The user is in the room, by a connection to this node, for as long as presence holds without being renewed. */
  renew(roomId: string, userId: string): void;
}
