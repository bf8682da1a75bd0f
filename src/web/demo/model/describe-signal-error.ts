import { ErrorCode, type SignalError } from '../../../shared/signal-error.ts';
import { type Notice, problem } from './notice.ts';

/** Words for a refusal of the server, for a person who wanted to enter a room. */
export function describeSignalError(error: SignalError): Notice {
  switch (error.code) {
    case ErrorCode.TOKEN_EXPIRED:
      return problem(
        'The token has expired',
        'Tokens hold for a limited time. Make a new one and paste it below.',
      );
    case ErrorCode.TOKEN_INVALID:
    case ErrorCode.UNAUTHENTICATED:
      return problem(
        'The server does not accept this token',
        `Check that all of it was copied and that it was made for this server. The server says: ${error.message}.`,
      );
    case ErrorCode.JOIN_DENIED:
      return problem(
        'This room is closed to you',
        withReason('The room’s owner decides who may enter.', error.reason),
      );
    case ErrorCode.PERMISSION_DENIED:
      return problem(
        'You may not enter this room',
        'The token was made for other rooms. Ask for one that names this room.',
      );
    case ErrorCode.ROOM_NOT_FOUND:
      return problem(
        'There is no such room',
        'Check its name. On this server, rooms are made by their owners beforehand.',
      );
    case ErrorCode.ROOM_FULL:
      return problem('The room is full', 'Somebody has to leave before you can enter.');
    case ErrorCode.PEER_ID_TAKEN:
      return problem(
        'You seem to be in this room already',
        'Another window holds your place. Close it, or wait a few seconds, and try again.',
      );
    case ErrorCode.SESSION_REFUSED:
      return problem(
        'You are connected elsewhere',
        'Your token allows one connection at a time. Close the other one first.',
      );
    case ErrorCode.STALE_SESSION:
      return problem('Another window took over', 'The call goes on there. Enter again to have it here.');
    case ErrorCode.KICKED:
      return problem('You were put out', 'A host or the operator of this server ended your stay.');
    case ErrorCode.WRONG_ROOM_MODE:
      return problem(
        'This page cannot call in this room',
        'Its media goes through a media server, and this page connects browsers to each other. Choose another room.',
      );
    case ErrorCode.TOO_MANY_ROOMS:
      return problem('You are in too many rooms', 'Leave one of them first.');
    case ErrorCode.RATE_LIMITED:
      return problem('Too fast', 'The server was asked too often. Wait a few seconds and try again.');
    case ErrorCode.UNAVAILABLE:
    case ErrorCode.DEADLINE_EXCEEDED:
      return problem(
        'The server cannot be reached',
        'Check your network, and that the server runs. Then try again.',
      );
    case ErrorCode.DIRECTORY_UNAVAILABLE:
      return problem(
        'The list of rooms cannot be reached',
        'The server could not look the room up. Try again in a moment.',
      );
    case ErrorCode.INVALID_ARGUMENT:
      return problem('The server did not accept that', `It says: ${error.message}.`);
    default:
      return problem(
        'The server failed',
        withCorrelation(`Try again in a moment. It says: ${error.message}.`, error.correlationId),
      );
  }
}

function withReason(text: string, reason: string): string {
  return reason === '' ? text : `The reason given: ${reason}`;
}

function withCorrelation(text: string, correlationId: string): string {
  return correlationId === ''
    ? text
    : `${text} Its operator finds the failure in the log under ${correlationId}.`;
}

/** Whether it would help to come with another token. */
export function needsAnotherToken(error: SignalError): boolean {
  const { code } = error;
  return (
    code === ErrorCode.TOKEN_EXPIRED || code === ErrorCode.TOKEN_INVALID || code === ErrorCode.UNAUTHENTICATED
  );
}
