import type { Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { SignalError } from '../../shared/signal-error.ts';
import type { LeaveReason } from './leave-reason.ts';
import type { Peer } from './peer.ts';

/** How media goes in a room. */
export type RoomMode = 'p2p' | 'sfu';

/** An activity module that is active in a room. */
export interface ActiveModule {
  readonly moduleId: string;
  /** The peer that activated it. */
  readonly activatedBy: string;
  /** The module's own state. */
  readonly state: Uint8Array;
}

/** One ICE candidate (W3C WebRTC, RTCIceCandidateInit). */
export interface IceCandidateInit {
  readonly candidate: string;
  readonly sdpMid?: string | null;
  readonly sdpMLineIndex?: number | null;
  readonly usernameFragment?: string | null;
}

/** A description for or from another peer. `negotiation` numbers it, so that its candidates can name it; 0: not numbered. */
export interface Description {
  readonly sdp: string;
  readonly negotiation?: number;
}

export interface CandidateBatch {
  /** In the order they were found. At most 64. */
  readonly candidates: readonly IceCandidateInit[];
  /** No more come in this generation. */
  readonly endOfCandidates?: boolean;
  /** The description that they belong to. */
  readonly negotiation?: number;
}

/** Something opaque, in the application's own format. */
export interface SignalMessage {
  /** At most 128 bytes. */
  readonly type: string;
  /** At most 256 KB. */
  readonly data: Uint8Array;
}

/** Who sent it, and its name in the server's logs and traces. */
export interface Relayed {
  readonly from: string;
  readonly correlationId: string;
}

export interface RoomEvents {
  peer_joined: Peer;
  peer_left: { readonly peer: Peer; readonly reason: LeaveReason };
  /** A peer's attributes changed. */
  peer_updated: Peer;
  /** The room itself changed. `changedBy`: the peer that changed the metadata, where it was one. */
  updated: { readonly changed: 'metadata' | 'mode' | 'modules'; readonly changedBy?: string };
  /** The room ended for everyone; `left` follows. `reason` is for a log. */
  closed: { readonly reason: string };
  /** This client is out of the room, for good. `error`: the server refused to have it back. */
  left: { readonly reason: LeaveReason; readonly error?: SignalError };
  /** Events were lost: the room starts again from a snapshot. What it changed in peers was announced before this. */
  reset: { readonly recovered: false };
  /** These four wait, up to 512 in all, until somebody listens: a `call` does for the first three. */
  offer: Relayed & Required<Description>;
  answer: Relayed & Required<Description>;
  candidates: Relayed & Required<CandidateBatch>;
  signal: Relayed & SignalMessage;
  /** Every event of the room as it came, after its effect on the room. */
  event: Event;
}

/** An event's name with what goes with it. */
export type RoomAnnouncement<Name extends keyof RoomEvents = keyof RoomEvents> = {
  [Each in Name]: { readonly event: Each; readonly payload: RoomEvents[Each] };
}[Name];
