import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { Commit, Position, Source } from '../port/room-log.ts';

/** The membership that a session speaks from. */
export interface Membership {
  readonly peerId: string;
  /** Where its join stands. */
  readonly joined: Position;
}

/**
 * What a relay is: an entry for one member, if both are members when it is committed. Throws INVALID_ARGUMENT for a relay
 * to oneself. `body` is the encoded `Event.relay`.
 */
export function relayCommit(source: Source, from: Membership, to: string, body: Uint8Array): Commit {
  if (to === from.peerId) throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'relay.to is the sender itself');
  return {
    source,
    checks: [
      { kind: 'member', peerId: from.peerId, joined: from.joined, otherwise: ErrorCode.NOT_IN_ROOM },
      { kind: 'member', peerId: to, otherwise: ErrorCode.PEER_NOT_FOUND },
    ],
    changes: [],
    entry: { to: { peerId: to }, body },
  };
}
