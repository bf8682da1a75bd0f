import { create, toBinary } from '@bufbuild/protobuf';
import { MemberInfoSchema } from '../../../gen/parley/bus/v1/state_pb.ts';
import { PeerSchema } from '../../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../shared/signal-error.ts';
import { eventBody } from '../frame/event-body.ts';
import { type Decision, refusable, refuse } from '../port/decision.ts';
import type { StreamState } from '../port/room-log.ts';
import { metadataValue, readRoom, roomField } from './room-view.ts';
import { changeTextMap, type TextMap } from './text-map.ts';

/** Decides on a host changing the room's metadata. */
export function decideUpdateRoom(state: StreamState | undefined, peerId: string, changes: TextMap): Decision {
  const room = readRoom(state);
  const member = room?.members.get(peerId);
  if (room === undefined || member === undefined)
    return refuse(ErrorCode.NOT_IN_ROOM, 'the sender is no member of the room');
  if (member.peer.permissions?.host !== true) {
    return refuse(ErrorCode.PERMISSION_DENIED, "only a host may change the room's metadata");
  }
  return refusable(() => {
    const metadata = changeTextMap(room.metadata, changes, 'metadata');
    return {
      kind: 'commit',
      checks: [
        {
          kind: 'equals',
          field: roomField.metadata,
          value: metadataValue(room.metadata),
          otherwise: ErrorCode.UNAVAILABLE,
        },
        { kind: 'member', peerId, joined: member.record.joined, otherwise: ErrorCode.NOT_IN_ROOM },
      ],
      changes: [{ kind: 'set', field: roomField.metadata, value: metadataValue(metadata) }],
      entry: { to: 'all', body: eventBody('roomUpdated', { metadata, changedBy: peerId }) },
    };
  });
}

/** Decides on a peer changing what it says of itself. Only its own session does, one change after the other. */
export function decideUpdatePeer(state: StreamState | undefined, peerId: string, changes: TextMap): Decision {
  const member = readRoom(state)?.members.get(peerId);
  if (member === undefined) return refuse(ErrorCode.NOT_IN_ROOM, 'the sender is no member of the room');
  return refusable(() => {
    const attributes = changeTextMap(member.peer.attributes, changes, 'attributes');
    const peer = create(PeerSchema, { ...member.peer, attributes, joinedOffset: 0 });
    const info = toBinary(MemberInfoSchema, create(MemberInfoSchema, { peer, join: member.join }));
    return {
      kind: 'commit',
      checks: [{ kind: 'member', peerId, joined: member.record.joined, otherwise: ErrorCode.NOT_IN_ROOM }],
      changes: [{ kind: 'update-member', peerId, info }],
      entry: { to: 'all', body: eventBody('peerUpdated', { peerId, attributes }) },
    };
  });
}
