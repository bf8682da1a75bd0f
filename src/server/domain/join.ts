import { create, toBinary } from '@bufbuild/protobuf';
import { MemberInfoSchema, RoomInfoSchema } from '../../../gen/parley/bus/v1/state_pb.ts';
import type { RoomPolicy, RoomRecord } from '../../../gen/parley/directory/v1/directory_pb.ts';
import {
  type Peer,
  PeerSchema,
  type Permissions,
  PermissionsSchema,
  RoomMode,
} from '../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { eventBody } from '../frame/event-body.ts';
import { type Decision, done, refusable, refuse } from '../port/decision.ts';
import type { Change, Check, MemberSession, StreamState } from '../port/room-log.ts';
import { metadataValue, modeValue, type RoomView, readRoom, roomField } from './room-view.ts';
import { changeTextMap, type TextMap } from './text-map.ts';

/** A session that wants to be a peer of a room, with what was found out about it before. */
export interface JoinRequest {
  readonly peerId: string;
  readonly session: MemberSession;
  /** The request: `<session id>:<request id>`. */
  readonly join: string;
  readonly displayName: string;
  readonly avatarUrl: string;
  readonly attributes: TextMap;
  readonly nowMs: number;
  /** Rights that a token or the Directory gives. Absent: the room's policy says. */
  readonly permissions?: Permissions;
  /** What the room would start as, where it does not live yet. Absent: it may not be made. */
  readonly seed?: RoomRecord;
}

/** Decides on a join: makes the room where policy allows, holds capacity, gives the peer id to one session only. */
export function decideJoin(state: StreamState | undefined, request: JoinRequest): Decision {
  const room = readRoom(state);
  const held = room?.members.get(request.peerId);
  if (held?.record.sessionId === request.session.sessionId) return done;
  const policy = room?.policy ?? request.seed?.policy;
  const refusal = refusalOfPeerId(state, request) ?? refusalByPolicy(room, policy);
  if (refusal !== undefined) return refusal;
  return refusable(() => {
    const peer = newPeer(request, permissionsOf(request, room, policy));
    const info = toBinary(MemberInfoSchema, create(MemberInfoSchema, { peer, join: request.join }));
    const { sessionId, userId, gen, node } = request.session;
    const member = { sessionId, userId, gen, node, info };
    return {
      kind: 'commit',
      checks: joinChecks(request.peerId, room, policy),
      changes: [
        ...(room === undefined ? creation(request) : []),
        { kind: 'add-member', peerId: request.peerId, member },
      ],
      entry: { to: 'all', body: eventBody('peerJoined', { peer }) },
    };
  });
}

/** A session has one place in a room. */
export function alreadyIn(peerId: string): SignalError {
  return new SignalError(ErrorCode.INVALID_ARGUMENT, `the session is in the room already, as peer ${peerId}`);
}

/** The peer id of a session's membership. */
export function findMember(state: StreamState | undefined, sessionId: string): string | undefined {
  for (const [peerId, member] of state?.members ?? []) {
    if (member.sessionId === sessionId) return peerId;
  }
  return undefined;
}

function refusalOfPeerId(state: StreamState | undefined, request: JoinRequest): Decision | undefined {
  if (state?.members.has(request.peerId) === true) {
    return refuse(ErrorCode.PEER_ID_TAKEN, 'another session holds this peer id in the room');
  }
  const own = findMember(state, request.session.sessionId);
  if (own === undefined) return undefined;
  return { kind: 'refuse', error: alreadyIn(own) };
}

function refusalByPolicy(room: RoomView | undefined, policy: RoomPolicy | undefined): Decision | undefined {
  if (room === undefined && policy?.createOnJoin !== true) {
    return refuse(
      ErrorCode.ROOM_NOT_FOUND,
      'there is no such room, and policy does not let this user make it',
    );
  }
  const capacity = policy?.capacity ?? 0;
  if (capacity === 0 || (room?.members.size ?? 0) < capacity) return undefined;
  return refuse(ErrorCode.ROOM_FULL, `the room holds ${capacity} peers, and is full`);
}

function permissionsOf(
  { permissions }: JoinRequest,
  room: RoomView | undefined,
  policy: RoomPolicy | undefined,
): Permissions {
  const given = permissions ?? policy?.permissions ?? create(PermissionsSchema);
  return { ...given, host: given.host || (room === undefined && policy?.creatorIsHost === true) };
}

function newPeer(request: JoinRequest, permissions: Permissions): Peer {
  const { peerId, session, displayName, avatarUrl, attributes, nowMs } = request;
  return create(PeerSchema, {
    peerId,
    userId: session.userId,
    displayName,
    avatarUrl,
    // Without the entries that are empty, as after a change.
    attributes: changeTextMap({}, attributes, 'attributes'),
    permissions,
    joinedAtMs: BigInt(nowMs),
  });
}

/** What must still be so when the join is committed. */
function joinChecks(peerId: string, room: RoomView | undefined, policy: RoomPolicy | undefined): Check[] {
  const capacity = policy?.capacity ?? 0;
  const checks: Check[] = [
    {
      kind: room === undefined ? 'absent' : 'exists',
      field: roomField.info,
      otherwise: ErrorCode.UNAVAILABLE,
    },
    { kind: 'no-member', peerId, otherwise: ErrorCode.PEER_ID_TAKEN },
  ];
  if (capacity > 0) checks.push({ kind: 'members-below', limit: capacity, otherwise: ErrorCode.ROOM_FULL });
  return checks;
}

function creation(request: JoinRequest): Change[] {
  const { seed, nowMs, join, session } = request;
  const info = create(RoomInfoSchema, {
    createdAtMs: BigInt(nowMs),
    createdBy: session.userId,
    createdByJoin: join,
  });
  if (seed?.policy !== undefined) info.policy = seed.policy;
  const mode = seed === undefined || seed.mode === RoomMode.UNSPECIFIED ? RoomMode.P2P : seed.mode;
  return [
    { kind: 'set', field: roomField.info, value: toBinary(RoomInfoSchema, info) },
    { kind: 'set', field: roomField.mode, value: modeValue(mode) },
    { kind: 'set', field: roomField.metadata, value: metadataValue(seed?.metadata ?? {}) },
  ];
}
