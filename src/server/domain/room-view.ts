import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { MemberInfoSchema, RoomInfoSchema, RoomMetadataSchema } from '../../../gen/parley/bus/v1/state_pb.ts';
import { type RoomPolicy, RoomPolicySchema } from '../../../gen/parley/directory/v1/directory_pb.ts';
import {
  type Peer,
  PeerSchema,
  RoomMode,
  type RoomSnapshot,
  RoomSnapshotSchema,
  StreamHeadSchema,
} from '../../../gen/parley/signal/v1/room_pb.ts';
import type { Member, StreamState } from '../port/room-log.ts';

/** The fields of a room's stream. */
export const roomField = { info: 'room', mode: 'mode', metadata: 'metadata' } as const;

/** A member of a living room. */
export interface MemberView {
  readonly record: Member;
  readonly peer: Peer;
  /** The join that made it: `<session id>:<request id>`. */
  readonly join: string;
}

/** A living room, decoded. */
export interface RoomView {
  readonly createdAtMs: bigint;
  readonly createdByJoin: string;
  readonly policy: RoomPolicy;
  readonly mode: RoomMode;
  readonly metadata: Readonly<Record<string, string>>;
  /** By peer id, in the order of their joins. */
  readonly members: ReadonlyMap<string, MemberView>;
}

/** Decodes a room's state. Undefined: no room lives there, whatever the stream still keeps. */
export function readRoom(state: StreamState | undefined): RoomView | undefined {
  const encoded = state?.fields.get(roomField.info);
  if (state === undefined || encoded === undefined) return undefined;
  const info = fromBinary(RoomInfoSchema, encoded);
  return {
    createdAtMs: info.createdAtMs,
    createdByJoin: info.createdByJoin,
    policy: info.policy ?? create(RoomPolicySchema),
    mode: readMode(state),
    metadata: readMetadata(state),
    members: new Map(Array.from(state.members, ([peerId, record]) => [peerId, readMember(peerId, record)])),
  };
}

/** Encodes a room's mode as its field keeps it. */
export function modeValue(mode: RoomMode): Uint8Array {
  return Uint8Array.of(mode);
}

/** Encodes a room's metadata as its field keeps it: the same entries always give the same bytes. */
export function metadataValue(entries: Readonly<Record<string, string>>): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  return toBinary(RoomMetadataSchema, create(RoomMetadataSchema, { entries: sorted }));
}

/** A living room as one of its members gets it. `settling`: who is missing may yet be put back. */
export function snapshotOf(
  roomId: string,
  state: StreamState,
  room: RoomView,
  ownPeerId: string,
  settling = false,
): RoomSnapshot {
  const { epoch, offset, lastToAll } = state.head;
  const lastToReceiver = state.members.get(ownPeerId)?.lastDirected ?? 0;
  return create(RoomSnapshotSchema, {
    roomId,
    createdAtMs: room.createdAtMs,
    mode: room.mode,
    metadata: room.metadata,
    peers: Array.from(room.members.values(), (member) => member.peer),
    head: create(StreamHeadSchema, { epoch, offset, lastToAll, lastToReceiver }),
    ownPeerId,
    settling,
  });
}

function readMode(state: StreamState): RoomMode {
  const value = state.fields.get(roomField.mode)?.[0];
  return Object.values(RoomMode).find((mode) => mode === value) ?? RoomMode.P2P;
}

function readMetadata(state: StreamState): Readonly<Record<string, string>> {
  const encoded = state.fields.get(roomField.metadata);
  return encoded === undefined ? {} : fromBinary(RoomMetadataSchema, encoded).entries;
}

function readMember(peerId: string, record: Member): MemberView {
  const info = fromBinary(MemberInfoSchema, record.info);
  const peer = info.peer ?? create(PeerSchema, { peerId, userId: record.userId });
  peer.joinedOffset = record.joined.offset;
  return { record, peer, join: info.join };
}
