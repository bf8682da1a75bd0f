import { RoomMode } from '../../../gen/parley/signal/v1/room_pb.ts';
import type { RoomView } from '../domain/room-view.ts';

/** A living room, as a list shows it. */
export interface RoomSummaryJson {
  readonly roomId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly mode: 'p2p' | 'sfu';
  /** How many they are, those in their reconnection window counted. */
  readonly members: number;
}

/** A living room with what it says of itself and who is in it. */
export interface RoomJson extends RoomSummaryJson {
  readonly metadata: Readonly<Record<string, string>>;
  /** The members, in the order of their joins. */
  readonly peers: readonly { readonly peerId: string; readonly displayName: string }[];
}

export function summarizeRoom(roomId: string, room: RoomView): RoomSummaryJson {
  return {
    roomId,
    createdAt: new Date(Number(room.createdAtMs)).toISOString(),
    mode: room.mode === RoomMode.SFU ? 'sfu' : 'p2p',
    members: room.members.size,
  };
}

export function describeRoom(roomId: string, room: RoomView): RoomJson {
  return {
    ...summarizeRoom(roomId, room),
    metadata: room.metadata,
    peers: Array.from(room.members, ([peerId, { peer }]) => ({ peerId, displayName: peer.displayName })),
  };
}
