import type { Call, Peer, Room } from '../../../client/index.ts';
import type { LocalMediaState } from './local-media.ts';
import type { Link, Person } from './room-state.ts';

/** Everyone in the room as the page shows them: oneself first, then the others in the order of their joins. */
export function listPeople(
  room: Room,
  call: Call,
  media: LocalMediaState,
  links: ReadonlyMap<string, Link>,
): readonly Person[] {
  return [
    ownPerson(room, media),
    ...otherPeers(room).map((peer) =>
      otherPerson(peer, call.peers.get(peer.peerId)?.stream, links.get(peer.peerId)),
    ),
  ];
}

/** The others, in the order of their joins. */
export function otherPeers(room: Room): Peer[] {
  return [...room.peers.values()].filter((peer) => !peer.isSelf);
}

/** The name to show of a peer: its display name, else its user id. */
export function nameOf(peer: Pick<Peer, 'displayName' | 'userId'>): string {
  return peer.displayName === '' ? peer.userId : peer.displayName;
}

function ownPerson(room: Room, media: LocalMediaState): Person {
  return {
    peerId: room.ownPeerId,
    name: room.self === undefined ? 'You' : nameOf(room.self),
    own: true,
    micOn: media.mic === 'on',
    cameraOn: media.camera === 'on',
    stream: media.stream,
    link: undefined,
  };
}

function otherPerson(peer: Peer, stream: MediaStream | undefined, link: Link = 'connecting'): Person {
  return {
    peerId: peer.peerId,
    name: nameOf(peer),
    own: false,
    micOn: peer.attributes['mic'] === 'on',
    cameraOn: peer.attributes['camera'] === 'on',
    stream,
    link,
  };
}
