import type { LeaveReason } from '../../../client/index.ts';
import type { SignalError } from '../../../shared/signal-error.ts';
import { describeSignalError } from './describe-signal-error.ts';
import { type Notice, problem } from './notice.ts';

/** What is said of another person who is no longer there. */
export function describeDeparture(name: string, reason: LeaveReason): string {
  switch (reason) {
    case 'connection_lost':
      return `${name} lost the connection and did not come back.`;
    case 'kicked':
      return `${name} was put out.`;
    case 'room_closed':
      return `${name} left: the room was closed.`;
    case 'replaced':
      return `${name} went on in another window.`;
    case 'token_expired':
      return `${name} left: the token expired.`;
    case 'left':
    case 'unknown':
      return `${name} left.`;
  }
}

/** What a person is told who is no longer in the room without having left it. */
export function describeOwnDeparture(
  roomId: string,
  reason: LeaveReason,
  error: SignalError | undefined,
): Notice {
  if (error !== undefined) return describeSignalError(error);
  switch (reason) {
    case 'connection_lost':
      return problem(
        'You were away too long',
        `The room ${roomId} went on without you. Enter again to be back.`,
      );
    case 'kicked':
      return problem('You were put out', `A host or the operator ended your stay in ${roomId}.`);
    case 'room_closed':
      return problem('The room was closed', `A host ended ${roomId} for everyone.`);
    case 'replaced':
      return problem(
        'Another window took over',
        'You entered elsewhere, and your token allows one place at a time.',
      );
    case 'token_expired':
      return problem('The token has expired', 'Enter again with a new one.');
    case 'left':
    case 'unknown':
      return problem(
        'You are no longer in the room',
        `The server ended your stay in ${roomId}. You can enter again.`,
      );
  }
}

/** `Ada`, `Ada and Bo`, `Ada, Bo and Cy`. */
export function listNames(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB', { style: 'long', type: 'conjunction' }).format(names);
}
