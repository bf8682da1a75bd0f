import type { Call, ParleyClient, Peer, Room } from '../../../client/index.ts';
import { describeSignalError } from './describe-signal-error.ts';
import type { Journal } from './journal.ts';
import { linkFrom } from './link.ts';
import { nameOf, otherPeers } from './people.ts';
import type { Link } from './room-state.ts';
import { describeDeparture, listNames } from './room-words.ts';

type Unsubscribe = () => void;

/** Writes down who comes and goes, and what the others send. */
export function narrateRoom(room: Room, journal: Journal): Unsubscribe[] {
  journal.add('people', describeArrival(room));
  const name = (peerId: string) => nameByPeer(room, peerId);
  return [
    room.on('peer_joined', (peer) => journal.add('people', `${nameOf(peer)} entered.`)),
    room.on('peer_left', ({ peer, reason }) =>
      journal.add('people', describeDeparture(nameOf(peer), reason)),
    ),
    narrateDevices(room, journal),
    room.on('offer', ({ from }) => journal.add('signal', `${name(from)} sent an offer.`)),
    room.on('answer', ({ from }) => journal.add('signal', `${name(from)} answered your offer.`)),
    room.on('candidates', ({ from, candidates: { length } }) => {
      if (length > 0)
        journal.add('signal', `${name(from)} sent ${length} ICE candidate${length === 1 ? '' : 's'}.`);
    }),
    room.on('reset', () =>
      journal.add('connection', 'The room was read anew: some events could not be kept.'),
    ),
  ];
}

const linkSentences: Readonly<Record<Link, (name: string) => string>> = {
  connecting: (name) => `Connecting to ${name}…`,
  connected: (name) => `Connected to ${name}.`,
  interrupted: (name) => `The connection to ${name} is interrupted. Trying again…`,
  failed: (name) => `No way through to ${name}. Trying again…`,
};

/** Writes down how the connections to the others come about. */
export function narrateCall(call: Call, room: Room, journal: Journal): Unsubscribe[] {
  const links = new Map<string, Link>();
  return [
    call.on('peer_state', ({ peerId, state }) => {
      const before = links.get(peerId);
      const link = linkFrom(state, before);
      if (link === undefined) links.delete(peerId);
      else links.set(peerId, link);
      if (link !== undefined && link !== before)
        journal.add('media', linkSentences[link](nameByPeer(room, peerId)));
    }),
    call.on('error', ({ peerId, error }) => {
      journal.add('problem', `With ${nameByPeer(room, peerId)}: ${describeSignalError(error).title}.`);
    }),
  ];
}

/** Writes down how the connection to the server is. */
export function narrateClient(client: ParleyClient, journal: Journal): Unsubscribe[] {
  return [
    client.on('state', ({ state }) => {
      if (state === 'reconnecting') journal.add('connection', 'The server is out of reach. Trying again…');
    }),
    client.on('resumed', ({ recovered }) => {
      journal.add(
        'connection',
        recovered
          ? 'The server is back. Nothing was missed.'
          : 'The server is back. Some events could not be kept.',
      );
    }),
    client.on('gave_up', () => journal.add('problem', 'The server could not be reached again.')),
    client.on('go_away', () => journal.add('connection', 'The server is about to stop. Moving on…')),
    client.on('warning', ({ ids }) =>
      journal.add('problem', `The server dropped ${ids.length} messages: too many at once.`),
    ),
  ];
}

function describeArrival(room: Room): string {
  if (room.created) return `You made the room ${room.id}.`;
  const names = otherPeers(room).map(nameOf);
  if (names.length === 0) return `You entered ${room.id}.`;
  return `You entered ${room.id}, with ${listNames(names)}.`;
}

function narrateDevices(room: Room, journal: Journal): Unsubscribe {
  const before = new Map(otherPeers(room).map((peer) => [peer.peerId, peer.attributes]));
  return room.on('peer_updated', (peer: Peer) => {
    if (peer.isSelf) return;
    for (const [key, device] of [
      ['mic', 'microphone'],
      ['camera', 'camera'],
    ] as const) {
      const is = peer.attributes[key];
      if (is !== undefined && is !== before.get(peer.peerId)?.[key]) {
        journal.add('media', `${nameOf(peer)} turned the ${device} ${is}.`);
      }
    }
    before.set(peer.peerId, peer.attributes);
  });
}

function nameByPeer(room: Room, peerId: string): string {
  const peer = room.peers.get(peerId);
  return peer === undefined ? 'someone' : nameOf(peer);
}
