import { type DescEnum, toJsonString } from '@bufbuild/protobuf';
import { type Event, EventSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import type { Candidate, RelayEvent, SessionDescription } from '../../gen/parley/signal/v1/relay_pb.ts';
import {
  LeaveReasonSchema,
  ModeChangeReasonSchema,
  RoomModeSchema,
} from '../../gen/parley/signal/v1/room_pb.ts';
import { plainText } from './plain-text.ts';

/** An event in words: what happened, and what is worth knowing of it. */
export interface EventDescription {
  readonly what: string;
  readonly details: string;
}

/** A member, as a frame or the SDK has it. */
export interface Member {
  readonly peerId: string;
  readonly userId: string;
  readonly displayName: string;
  readonly permissions?: object | undefined;
}

/** How a peer is called, by its id. */
export type NameOf = (peerId: string) => string;

/** Says what an event means, for a terminal. SDP and data are counted, not shown. */
export function describeEvent(event: Event, nameOf: NameOf): EventDescription {
  const { body } = event;
  switch (body.case) {
    case 'peerJoined':
      return { what: 'joined', details: body.value.peer === undefined ? '' : describePeer(body.value.peer) };
    case 'peerLeft':
      return {
        what: 'left',
        details: `${nameOf(body.value.peerId)}  ${nameIn(LeaveReasonSchema, body.value.reason)}`,
      };
    case 'peerUpdated':
      return {
        what: 'changed',
        details: `${nameOf(body.value.peerId)}  ${describeEntries(body.value.attributes)}`,
      };
    case 'roomUpdated':
      return {
        what: 'metadata',
        details: `${by(body.value.changedBy, nameOf)}  ${describeEntries(body.value.metadata)}`,
      };
    case 'roomClosed':
      return { what: 'closed', details: plainText(body.value.reason) };
    case 'modeChanged':
      return {
        what: 'mode',
        details: `${nameIn(RoomModeSchema, body.value.mode)}  ${nameIn(ModeChangeReasonSchema, body.value.reason)}`,
      };
    case 'relay':
      return describeRelay(body.value, nameOf);
    default:
      return { what: body.case ?? 'unknown', details: plainText(toJsonString(EventSchema, event)) };
  }
}

/** A member: its name, user and the start of its peer id, and what it may do. */
export function describePeer(peer: Member): string {
  const rights = Object.entries(peer.permissions ?? {}).filter(([, permitted]) => permitted === true);
  const may = rights.map(([name]) => name).join(' ');
  return `${peerName(peer)}  ${peer.peerId.slice(0, 8)}  ${may === '' ? 'may only listen in' : `may ${may}`}`;
}

/** The name of a member with its user id where that says more. */
export function peerName(peer: Member): string {
  const shown = plainText(peer.displayName, 40);
  return shown === '' || shown === peer.userId
    ? plainText(peer.userId)
    : `${shown} (${plainText(peer.userId)})`;
}

function describeRelay(relay: RelayEvent, nameOf: NameOf): EventDescription {
  const from = nameOf(relay.from);
  const kind = relay.body?.kind;
  switch (kind?.case) {
    case 'offer':
    case 'answer':
      return { what: kind.case, details: `${from}  ${describeDescription(kind.value)}` };
    case 'candidates': {
      const found = kind.value.candidates.map(describeCandidate);
      if (kind.value.endOfCandidates) found.push('no more');
      return { what: 'candidates', details: `${from}  ${found.join(', ')}` };
    }
    case 'signal': {
      const { type, data } = kind.value;
      return { what: 'signal', details: `${from}  ${plainText(type)}  ${data.length} bytes` };
    }
    default:
      return { what: 'relay', details: `${from}  of a kind that is not known here` };
  }
}

function describeDescription({ sdp }: SessionDescription): string {
  const media = [...sdp.matchAll(/^m=([a-z]+)/gm)].map(([, kind = '']) => kind);
  return `${media.length === 0 ? 'no media' : media.join(' ')}  ${sdp.length} bytes`;
}

/** Type and protocol of a candidate (RFC 8839, section 5.1); its addresses are its owner's. */
function describeCandidate({ candidate }: Candidate): string {
  const [, , protocol = ''] = candidate.split(' ');
  const [, type = ''] = / typ (\S+)/.exec(candidate) ?? [];
  return plainText(`${type} ${protocol.toLowerCase()}`.trim() || 'empty', 40);
}

function by(peerId: string, nameOf: NameOf): string {
  return `by ${peerId === '' ? 'a service' : nameOf(peerId)}`;
}

function describeEntries(entries: Readonly<Record<string, string>>): string {
  return plainText(
    Object.entries(entries)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  );
}

/** A value of an enumeration in words; one that a newer server knows, as its number. */
function nameIn(enumeration: DescEnum, value: number): string {
  return (enumeration.value[value]?.localName ?? String(value)).toLowerCase().replaceAll('_', ' ');
}
