import type { Clock } from '../../shared/clock.ts';
import type { SignalError } from '../../shared/signal-error.ts';
import type { IceServer } from '../ice-server.ts';
import type { RequestFunction } from '../session/request.ts';

/** What a room needs of its client. */
export interface RoomLink {
  readonly clock: Clock;
  readonly request: RequestFunction;
  /** Keeps the room's requests back until `release`; with an error, they reject then. */
  hold(roomId: string): void;
  release(roomId: string, error?: SignalError): void;
  /** What was sent about the room on the connection before has an unknown outcome, and is not sent again. */
  forsake(roomId: string): void;
  /** What has no caller to reject to. */
  onError(error: unknown): void;
  iceServers(): readonly IceServer[];
  /** Calls back when the ICE servers were renewed; the returned function ends that. */
  onIceServers(listener: () => void): () => void;
}
