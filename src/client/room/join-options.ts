export interface JoinOptions {
  /** The membership's id, a UUID. Default: the one that the session has in the room, else one that the server makes. */
  readonly peerId?: string;
  /** What the peer says of itself. At most 64 attributes and 16 KB in all. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** A room access token (JWT) where the room's policy asks for one. Kept for coming back after a lost session. */
  readonly joinToken?: string;
}
