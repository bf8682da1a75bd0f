import { fromBinary } from '@bufbuild/protobuf';
import { MemberInfoSchema } from '../../../gen/parley/bus/v1/state_pb.ts';
import { EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { ErrorCode } from '../../shared/signal-error.ts';
import { eventBody } from '../frame/event-body.ts';
import { type Decision, done, refuse } from '../port/decision.ts';
import type { MemberSession, StreamState } from '../port/room-log.ts';
import { firstTag, tagOf } from './event-tag.ts';
import { findMember } from './join.ts';
import { metadataValue, modeValue, roomField } from './room-view.ts';

/** A membership that the store has lost, as its node knows it. */
export interface LostMember {
  readonly peerId: string;
  readonly session: MemberSession;
  /** As `NewMember.info`. */
  readonly memberInfo: Uint8Array;
  /** The fields of the room, for where it is gone too. */
  readonly fields: ReadonlyMap<string, Uint8Array>;
}

/**
 * Decides on putting a lost member back: at a new place in the log, and with the room where that is gone. Nobody is asked whether it may
 * enter: it was in. Where another session has its peer id by now: PEER_ID_TAKEN.
 */
export function decidePutBack(state: StreamState | undefined, lost: LostMember): Decision {
  const { peerId, session, memberInfo: info, fields } = lost;
  const { sessionId, userId, gen, node } = session;
  const own = findMember(state, sessionId);
  if (own === peerId) return done;
  if (own !== undefined || state?.members.has(peerId) === true)
    return refuse(ErrorCode.PEER_ID_TAKEN, 'another membership has its place in the room');
  const isThere = state?.fields.has(roomField.info) === true;
  const { peer } = fromBinary(MemberInfoSchema, info);
  const kind = isThere ? 'exists' : 'absent';
  return {
    kind: 'commit',
    checks: [
      { kind, field: roomField.info, otherwise: ErrorCode.UNAVAILABLE },
      { kind: 'no-member', peerId, otherwise: ErrorCode.PEER_ID_TAKEN },
    ],
    changes: [
      ...(isThere ? [] : Array.from(fields, ([field, value]) => ({ kind: 'set', field, value }) as const)),
      { kind: 'add-member', peerId, member: { sessionId, userId, gen, node, info } },
    ],
    entry: { to: 'all', body: eventBody('peerJoined', peer === undefined ? {} : { peer }) },
  };
}

/** The fields of a room after an entry for all. `body` is the encoded field of an `Event`. Undefined: it changes none. */
export function fieldsAfter(
  fields: ReadonlyMap<string, Uint8Array>,
  body: Uint8Array,
): ReadonlyMap<string, Uint8Array> | undefined {
  if (!changing.has(firstTag(body))) return undefined;
  const event = fromBinary(EventSchema, body).body;
  if (event.case === 'roomUpdated')
    return new Map(fields).set(roomField.metadata, metadataValue(event.value.metadata));
  if (event.case === 'modeChanged') return new Map(fields).set(roomField.mode, modeValue(event.value.mode));
  return undefined;
}

const changing: ReadonlySet<number> = new Set([
  tagOf(EventSchema.field.roomUpdated),
  tagOf(EventSchema.field.modeChanged),
]);
