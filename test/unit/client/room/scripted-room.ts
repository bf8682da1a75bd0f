import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { EventSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import {
  type Peer,
  PeerSchema,
  type RoomSnapshot,
  RoomSnapshotSchema,
} from '../../../../gen/parley/signal/v1/room_pb.ts';
import type { ClientOptions, Room, RoomEvents } from '../../../../src/client/index.ts';
import { startSignedIn } from '../scripted-client.ts';

export const epoch = 7;
export const ann = '00000000-0000-4000-8000-00000000000a';
export const bob = '00000000-0000-4000-8000-00000000000b';
export const eve = '00000000-0000-4000-8000-00000000000e';

type SnapshotInit = Exclude<MessageInitShape<typeof RoomSnapshotSchema>, RoomSnapshot>;

export function peer(peerId: string, joinedOffset: number): Peer {
  return create(PeerSchema, { peerId, userId: `user-${joinedOffset}`, joinedOffset, joinedAtMs: 1_000n });
}

/** The room with Bob, who came at offset 1, and Ann, the client, who came at offset 2. */
export function snapshot(more: SnapshotInit = {}): RoomSnapshot {
  return create(RoomSnapshotSchema, {
    roomId: 'room-1',
    createdAtMs: 5_000n,
    ownPeerId: ann,
    peers: [peer(bob, 1), peer(ann, 2)],
    head: { epoch, offset: 2, lastToAll: 2 },
    ...more,
  });
}

/** A client that is in the room as Ann. */
export async function startInRoom(options: Partial<ClientOptions> = {}) {
  const started = await startSignedIn(options);
  const { client, connection } = started;
  const joining = client.join('room-1', { peerId: ann });
  const { id } = await connection.expect('joinRoom');
  connection.reply(id, { case: 'roomJoined', value: { room: snapshot() } });
  return { ...started, room: await joining };
}

type Body = MessageInitShape<typeof EventSchema>['body'] & {};

export function toAll(offset: number, previousToAll: number, body: Body) {
  return { stream: 'room-1', epoch, offset, previous: previousToAll, previousToAll, body };
}

export function toSelf(offset: number, previous: number, previousToAll: number, body: Body) {
  return { stream: 'room-1', epoch, offset, previous, previousToAll, directed: true, body };
}

/** Eve comes, as the first event after the snapshot. */
export const eveJoins = toAll(3, 2, { case: 'peerJoined', value: { peer: peer(eve, 3) } });

/** The room's topic is tea from now on. */
export function topicIsTea(offset: number, previousToAll: number) {
  return toAll(offset, previousToAll, { case: 'roomUpdated', value: { metadata: { topic: 'tea' } } });
}

/** The next event of a name. */
export async function nextRoomEvent<Name extends keyof RoomEvents>(
  room: Room,
  event: Name,
): Promise<RoomEvents[Name]> {
  return await new Promise((resolve) => {
    const stop = room.on(event, (payload) => {
      stop();
      resolve(payload);
    });
  });
}

/** Every event of a room so far, by name. */
export function recordEvents(room: Room): (keyof RoomEvents)[] {
  const names = ['peer_joined', 'peer_left', 'peer_updated', 'updated', 'closed', 'left', 'reset'] as const;
  const heard: (keyof RoomEvents)[] = [];
  for (const name of names) room.on(name, () => heard.push(name));
  return heard;
}
