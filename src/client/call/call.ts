import type { SignalError } from '../../shared/signal-error.ts';
import type { IceServer } from '../ice-server.ts';
import type {
  ConnectionState,
  DataChannel,
  DataChannelInit,
  IceConnectionState,
  RTCPeerConnectionConstructor,
  StatsReport,
  Stream,
  Track,
} from './rtc-types.ts';

export type TrackKind = 'audio' | 'video';

export interface CallDataChannel {
  readonly label: string;
  /** Not `negotiated`: one side opens it. Id 0 is the call's own. */
  readonly init?: DataChannelInit;
}

export interface CallOptions {
  /** Its tracks are sent, as one stream. */
  readonly localStream?: Stream;
  /** More tracks to send; those without a stream of their own go with `localStream`. */
  readonly tracks?: readonly Track[];
  /** Default: the global one. Required where there is none. */
  readonly RTCPeerConnection?: RTCPeerConnectionConstructor;
  /** Default: those of the server, renewed as their credentials are. */
  readonly iceServers?: readonly IceServer[];
  /** Opened with each peer. Every peer of the room gives the same list: of two peers, the earlier one opens them. */
  readonly dataChannels?: readonly CallDataChannel[];
}

/** Another peer of the room, as the call has it. */
export interface CallPeer {
  readonly peerId: string;
  /** What it sends. */
  readonly streams: readonly Stream[];
  /** The first of its streams. */
  readonly stream: Stream | undefined;
  readonly connectionState: ConnectionState;
  readonly iceConnectionState: IceConnectionState;
  /** By label. */
  readonly dataChannels: ReadonlyMap<string, DataChannel>;
  /** W3C WebRTC Statistics of its connection. */
  getStats(): Promise<StatsReport>;
}

export interface CallEvents {
  /** A peer of the room is part of the call from now on. */
  peer: CallPeer;
  /** A peer sends a stream. */
  stream: { readonly peerId: string; readonly stream: Stream };
  /** A peer sends a track. */
  track: { readonly peerId: string; readonly track: Track; readonly streams: readonly Stream[] };
  /** The connection to a peer is in another state. */
  peer_state: { readonly peerId: string; readonly state: ConnectionState };
  /** A data channel with a peer, whichever side made it. It may not be open yet. */
  data_channel: { readonly peerId: string; readonly channel: DataChannel };
  /** A peer left, or its connection was replaced by a new one, whose streams and channels are announced again. */
  peer_gone: { readonly peerId: string };
  /** Something failed with one peer; the call goes on. */
  error: { readonly peerId: string; readonly error: SignalError };
}

/** Media with all peers of a room, whichever way it goes. It ends with the room. */
export interface Call {
  /** The other peers, by peer id. */
  readonly peers: ReadonlyMap<string, CallPeer>;
  /** The tracks that are sent. */
  readonly tracks: readonly Track[];
  /** Sends one more track, to those who are there and those who come. The same track again: nothing happens. */
  addTrack(track: Track, stream?: Stream): void;
  /** Sends a track no longer. Does not stop it. */
  removeTrack(track: Track): void;
  /** Sends another track of the same kind in a track's place, without a new negotiation. */
  replaceTrack(track: Track, by: Track): Promise<void>;
  /**
   * Makes this the one track of its kind that is sent; null: none is, and its place is kept for the next. The others hear `track` again
   * when it comes back.
   */
  setTrack(kind: TrackKind, track: Track | null): Promise<void>;
  /** Sends silence or black for a kind, also for tracks that are added later; false: the media again. */
  setMuted(kind: TrackKind, muted: boolean): void;
  /** Ends the connections. Does not stop local tracks, and does not leave the room. */
  close(): void;
  on<Name extends keyof CallEvents>(event: Name, listener: (payload: CallEvents[Name]) => void): () => void;
}
