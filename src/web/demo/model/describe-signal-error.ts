import { ErrorCode, type SignalError } from '../../../shared/signal-error.ts';
import { type Notice, problem } from './notice.ts';

/** A title, and a detail: what to do now. */
type Words = readonly [title: string, detail: string | ((error: SignalError) => string)];

const tokenRefused: Words = [
  'The server does not accept this token',
  ({ message }) =>
    `Check that all of it was copied and that it was made for this server. The server says: ${message}.`,
];
const outOfReach: Words = [
  'The server cannot be reached',
  'Check your network, and that the server runs. Then try again.',
];

const wordsByCode: ReadonlyMap<ErrorCode, Words> = new Map<ErrorCode, Words>([
  [
    ErrorCode.TOKEN_EXPIRED,
    ['The token has expired', 'Tokens hold for a limited time. Make a new one and paste it below.'],
  ],
  [ErrorCode.TOKEN_INVALID, tokenRefused],
  [ErrorCode.UNAUTHENTICATED, tokenRefused],
  [
    ErrorCode.JOIN_DENIED,
    [
      'This room is closed to you',
      ({ reason }) =>
        reason === '' ? 'The room’s owner decides who may enter.' : `The reason given: ${reason}`,
    ],
  ],
  [
    ErrorCode.PERMISSION_DENIED,
    ['You may not enter this room', 'The token was made for other rooms. Ask for one that names this room.'],
  ],
  [
    ErrorCode.ROOM_NOT_FOUND,
    ['There is no such room', 'Check its name. On this server, rooms are made by their owners beforehand.'],
  ],
  [ErrorCode.ROOM_FULL, ['The room is full', 'Somebody has to leave before you can enter.']],
  [
    ErrorCode.PEER_ID_TAKEN,
    [
      'You seem to be in this room already',
      'Another window holds your place. Close it, or wait a few seconds, and try again.',
    ],
  ],
  [
    ErrorCode.SESSION_REFUSED,
    ['You are connected elsewhere', 'Your token allows one connection at a time. Close the other one first.'],
  ],
  [
    ErrorCode.STALE_SESSION,
    ['Another window took over', 'The call goes on there. Enter again to have it here.'],
  ],
  [
    ErrorCode.SESSION_REPLACED,
    [
      'You went on elsewhere',
      'Your token allows one place at a time, and you entered in another window or on another device.',
    ],
  ],
  [ErrorCode.SIGNED_OUT, ['You have signed out', 'Enter again to be back.']],
  [ErrorCode.KICKED, ['You were put out', 'A host or the operator of this server ended your stay.']],
  [
    ErrorCode.WRONG_ROOM_MODE,
    [
      'This page cannot call in this room',
      'Its media goes through a media server, and this page connects browsers to each other. Choose another room.',
    ],
  ],
  [ErrorCode.TOO_MANY_ROOMS, ['You are in too many rooms', 'Leave one of them first.']],
  [ErrorCode.RATE_LIMITED, ['Too fast', 'The server was asked too often. Wait a few seconds and try again.']],
  [ErrorCode.UNAVAILABLE, outOfReach],
  [ErrorCode.DEADLINE_EXCEEDED, outOfReach],
  [
    ErrorCode.DIRECTORY_UNAVAILABLE,
    ['The list of rooms cannot be reached', 'The server could not look the room up. Try again in a moment.'],
  ],
  [ErrorCode.INVALID_ARGUMENT, ['The server did not accept that', ({ message }) => `It says: ${message}.`]],
]);

const serverFailed: Words = [
  'The server failed',
  ({ message, correlationId }) =>
    `Try again in a moment. It says: ${message}.${
      correlationId === '' ? '' : ` Its operator finds the failure in the log under ${correlationId}.`
    }`,
];

/** Words for a refusal of the server, for a person who wanted to enter a room. */
export function describeSignalError(error: SignalError): Notice {
  const [title, detail] = wordsByCode.get(error.code) ?? serverFailed;
  return problem(title, typeof detail === 'string' ? detail : detail(error));
}

/** Whether it would help to come with another token. */
export function needsAnotherToken({ code }: SignalError): boolean {
  return code === ErrorCode.TOKEN_EXPIRED || wordsByCode.get(code) === tokenRefused;
}
