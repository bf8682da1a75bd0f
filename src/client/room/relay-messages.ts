import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CandidatesSchema,
  RelayBodySchema,
  RelayEvent,
} from '../../../gen/parley/signal/v1/relay_pb.ts';
import type { RelayAnnouncement } from './relay-hold.ts';
import type { CandidateBatch, IceCandidateInit } from './room-events.ts';

export type RelayKind = NonNullable<MessageInitShape<typeof RelayBodySchema>['kind']>;

/** What another peer said, as listeners get it. Undefined: a kind of a newer client. */
export function relayAnnouncement({ from, correlationId, body }: RelayEvent): RelayAnnouncement | undefined {
  const kind = body?.kind;
  switch (kind?.case) {
    case 'offer':
    case 'answer': {
      const { sdp, negotiation } = kind.value;
      return { event: kind.case, payload: { from, correlationId, sdp, negotiation } };
    }
    case 'candidates': {
      const { endOfCandidates, negotiation } = kind.value;
      const candidates = kind.value.candidates.map(
        ({ candidate, sdpMid, sdpMLineIndex, usernameFragment }) => ({
          candidate,
          sdpMid: sdpMid ?? null,
          sdpMLineIndex: sdpMLineIndex ?? null,
          usernameFragment: usernameFragment ?? null,
        }),
      );
      return {
        event: 'candidates',
        payload: { from, correlationId, candidates, endOfCandidates, negotiation },
      };
    }
    case 'signal': {
      const { type, data } = kind.value;
      return { event: 'signal', payload: { from, correlationId, type, data } };
    }
    case undefined:
      return undefined;
  }
}

export function candidatesMessage(batch: CandidateBatch): MessageInitShape<typeof CandidatesSchema> {
  const { candidates, endOfCandidates = false, negotiation = 0 } = batch;
  return { candidates: candidates.map(candidateMessage), endOfCandidates, negotiation };
}

function candidateMessage({ candidate, sdpMid, sdpMLineIndex, usernameFragment }: IceCandidateInit) {
  return {
    candidate,
    ...(sdpMid != null && { sdpMid }),
    ...(sdpMLineIndex != null && { sdpMLineIndex }),
    ...(usernameFragment != null && { usernameFragment }),
  };
}
