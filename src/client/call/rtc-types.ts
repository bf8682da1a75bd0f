/**
 * As much of W3C WebRTC as calls use, so that this compiles without the DOM's types. Where a program has those types, the names
 * without `Like` are them.
 */
import type { IceServer } from '../ice-server.ts';
import type { IceCandidateInit } from '../room/room-events.ts';

export interface MediaStreamTrackLike {
  readonly id: string;
  readonly kind: string;
  enabled: boolean;
}

export interface MediaStreamLike {
  readonly id: string;
  getTracks(): MediaStreamTrackLike[];
}

export interface RTCDataChannelLike {
  readonly label: string;
  readonly readyState: string;
  send(data: string): void;
  close(): void;
  addEventListener(type: 'open' | 'close', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

export interface RTCStatsReportLike {
  forEach(callback: (value: unknown, key: string) => void): void;
}

export interface RTCRtpSenderLike {
  readonly track: MediaStreamTrackLike | null;
  replaceTrack(track: MediaStreamTrackLike | null): Promise<void>;
  /** Not every runtime has it: the other side then sees the streams of the track before. */
  setStreams?(...streams: MediaStreamLike[]): void;
}

export interface RTCRtpTransceiverLike {
  readonly sender: RTCRtpSenderLike;
  direction: 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive' | 'stopped';
}

type Global<Name extends string, Fallback> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : Fallback;

export type Track = Global<'MediaStreamTrack', MediaStreamTrackLike>;
export type Stream = Global<'MediaStream', MediaStreamLike>;
export type DataChannel = Global<'RTCDataChannel', RTCDataChannelLike>;
export type StatsReport = Global<'RTCStatsReport', RTCStatsReportLike>;

/** W3C WebRTC, RTCPeerConnectionState. */
export type ConnectionState = 'new' | 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
/** W3C WebRTC, RTCIceConnectionState. */
export type IceConnectionState =
  | 'new'
  | 'checking'
  | 'connected'
  | 'completed'
  | 'disconnected'
  | 'failed'
  | 'closed';

/** W3C WebRTC, RTCDataChannelInit. */
export interface DataChannelInit {
  ordered?: boolean;
  maxPacketLifeTime?: number;
  maxRetransmits?: number;
  protocol?: string;
  negotiated?: boolean;
  id?: number;
}

export interface SessionDescriptionLike {
  readonly type: 'offer' | 'answer' | 'pranswer' | 'rollback';
  readonly sdp?: string;
}

export interface TrackEventLike {
  readonly track: Track;
  readonly streams: readonly Stream[];
}

export interface RTCPeerConnectionLike {
  readonly signalingState: string;
  readonly connectionState: ConnectionState;
  readonly iceConnectionState: IceConnectionState;
  readonly remoteDescription: { readonly sdp: string } | null;
  createOffer(): Promise<SessionDescriptionLike>;
  createAnswer(): Promise<SessionDescriptionLike>;
  setLocalDescription(description: SessionDescriptionLike): Promise<void>;
  setRemoteDescription(description: SessionDescriptionLike): Promise<void>;
  addIceCandidate(candidate?: { candidate: string }): Promise<void>;
  addTrack(track: Track, ...streams: Stream[]): RTCRtpSenderLike;
  removeTrack(sender: RTCRtpSenderLike): void;
  getTransceivers(): RTCRtpTransceiverLike[];
  createDataChannel(label: string, init?: DataChannelInit): DataChannel;
  setConfiguration(configuration: { iceServers: IceServer[] }): void;
  restartIce(): void;
  getStats(): Promise<StatsReport>;
  close(): void;
  addEventListener(
    type: 'icecandidate',
    listener: (event: { readonly candidate: IceCandidateInit | null }) => void,
  ): void;
  addEventListener(type: 'track', listener: (event: TrackEventLike) => void): void;
  addEventListener(type: 'datachannel', listener: (event: { readonly channel: DataChannel }) => void): void;
  addEventListener(
    type: 'negotiationneeded' | 'connectionstatechange' | 'iceconnectionstatechange',
    listener: () => void,
  ): void;
}

export type RTCPeerConnectionConstructor = new (configuration: {
  iceServers: IceServer[];
}) => RTCPeerConnectionLike;
