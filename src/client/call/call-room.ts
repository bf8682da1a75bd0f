import type { Clock } from '../../shared/clock.ts';
import type { IceServer } from '../ice-server.ts';
import type { Peer } from '../room/peer.ts';
import type { CandidateBatch, Description, RoomEvents } from '../room/room-events.ts';

/** What a call needs of its room. */
export interface CallRoom {
  readonly peers: ReadonlyMap<string, Peer>;
  readonly self: Peer | undefined;
  sendOffer(to: string, description: Description): Promise<void>;
  sendAnswer(to: string, description: Description): Promise<void>;
  sendCandidates(to: string, batch: CandidateBatch): Promise<void>;
  on<Name extends keyof RoomEvents>(event: Name, listener: (payload: RoomEvents[Name]) => void): () => void;
}

/** What a call needs of the client. */
export interface CallLink {
  readonly clock: Clock;
  onError(error: unknown): void;
  iceServers(): readonly IceServer[];
  onIceServers(listener: () => void): () => void;
}
