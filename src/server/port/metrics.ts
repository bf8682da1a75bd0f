/**
 * How a room stands for a session that came back: every event that it missed follows, or a snapshot, or it is out, or nobody
 * could say for the moment.
 */
export type RoomOutcome = 'recovered' | 'snapshot' | 'out' | 'failed';

/** What a node counts as it works. Calls are cheap enough for each message, and never fail. */
export interface Metrics {
  /** A request of a client had its effect, or its answer. `type`: what it was, as `offer` or `join_room`. */
  handled(type: string): void;
  /** A relay stood in the room's log this long after its frame came, in milliseconds. */
  relayed(latencyMs: number): void;
  /** A request or a sign-in was refused, or dropped over a limit. `code`: as it stands in the schema, without its prefix. */
  refused(code: string): void;
  /** A client came back to a session; to be said of each of its rooms. */
  resumedRoom(outcome: RoomOutcome): void;
  /** A connection ended with this code, which a client may have made up. */
  disconnected(code: number): void;
}
