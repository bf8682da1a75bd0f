import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { Identity } from '../../port/token-verifier.ts';

/**
 * Whether a token may take the place of the one that a session has. The user is whose session it is. By the session policy the
 * session was let in beside others, and its window is what the client was told: a sign-in may change both, a refresh can't.
 *
 * @throws SignalError TOKEN_INVALID that names what differs.
 */
export function checkSuccessor(held: Identity, next: Identity): void {
  if (next.userId !== held.userId) throw refused('it is for another user than the session');
  if (next.sessionPolicy !== held.sessionPolicy) {
    throw refused(
      `claim parley.sessions is ${next.sessionPolicy}, the session began with ${held.sessionPolicy}`,
    );
  }
  if (next.reconnectionWindowMs !== held.reconnectionWindowMs) {
    throw refused(
      `claim parley.windowMs is ${inWords(next)}, the session began or came back with ${inWords(held)}`,
    );
  }
}

function inWords({ reconnectionWindowMs }: Identity): string {
  return reconnectionWindowMs === undefined ? 'the default' : `${reconnectionWindowMs}`;
}

function refused(fault: string): SignalError {
  return new SignalError(ErrorCode.TOKEN_INVALID, `token refused: ${fault}`);
}
