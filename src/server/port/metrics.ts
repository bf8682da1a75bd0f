/** What a node counts as it works. Calls are cheap enough for each message, and never fail. */
export interface Metrics {
  /** A request of a client had its effect, or its answer. `type`: what it was, as `offer` or `join_room`. */
  handled(type: string): void;
  /** A relay stood in the room's log this long after its frame came, in milliseconds. */
  relayed(latencyMs: number): void;
  /** A request was refused. `code`: as it stands in the schema, without its prefix. */
  refused(code: string): void;
  /** A client came back to a session. For each of its rooms: every event that it missed follows, or a snapshot, or it is out. */
  resumedRoom(outcome: 'recovered' | 'snapshot' | 'out'): void;
  /** A connection was closed, with this code. */
  disconnected(code: number): void;
}
