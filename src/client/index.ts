export type { Clock } from '../shared/clock.ts';
export { CloseCode } from '../shared/close-codes.ts';
export { ErrorCode, SignalError } from '../shared/signal-error.ts';
export type {
  Call,
  CallDataChannel,
  CallEvents,
  CallOptions,
  CallPeer,
  TrackKind,
} from './call/call.ts';
export type {
  ConnectionState,
  DataChannel,
  DataChannelInit,
  IceConnectionState,
  RTCPeerConnectionConstructor,
  RTCPeerConnectionLike,
  StatsReport,
  Stream,
  Track,
} from './call/rtc-types.ts';
export type { ClientEvents, ClientState } from './client-events.ts';
export type { ClientOptions, RetryOptions, Token } from './client-options.ts';
export type { IceServer } from './ice-server.ts';
export { ParleyClient } from './parley-client.ts';
export type { JoinOptions } from './room/join-options.ts';
export type { LeaveReason } from './room/leave-reason.ts';
export type { Peer, PeerPermissions } from './room/peer.ts';
export type { Room } from './room/room.ts';
export type {
  ActiveModule,
  CandidateBatch,
  Description,
  IceCandidateInit,
  Relayed,
  RoomEvents,
  RoomMode,
  SignalMessage,
} from './room/room-events.ts';
export type { WakeSource } from './wake.ts';
export type { WebSocketConstructor, WebSocketLike } from './web-socket-like.ts';
