import { ErrorCode } from './signal-error.ts';

/**
 * Why the server closed a connection. The range alone says what to do, so that a client need not know each number:
 *
 * - 4000–4099 come back at once and resume
 * - 4100–4199 come back with a new token
 * - 4200–4299 come back later, or elsewhere
 * - 4300–4399 do not come back
 *
 * Standard codes (RFC 6455, section 7.4.1): 1001, 1006, 1011, 1012 mean come back and resume; 1002, 1003, 1007, 1008, 1009 do not.
 */
export const CloseCode = {
  /** Nothing was heard from the client for the ping timeout. */
  CONNECTION_STALE: 4000,
  /** The client reads too slowly: what it missed is in the log. */
  SLOW_READER: 4001,
  /** The server failed with this connection. */
  INTERNAL: 4002,
  /** The session is no longer this connection's: what it asked was refused. Coming back tells whose it is. */
  NOT_ATTACHED: 4003,

  /** The token is not valid. */
  TOKEN_INVALID: 4100,
  /** The token expired and was not refreshed. */
  TOKEN_EXPIRED: 4101,
  /** No sign-in came in time. */
  SIGN_IN_TIMEOUT: 4102,

  /** This node is about to stop. */
  GOING_AWAY: 4200,
  /** Too many connections for now. */
  OVERLOADED: 4201,
  /** What the sign-in depends on is away. */
  UNAVAILABLE: 4202,

  /** Another connection of the same session took its place. */
  REPLACED_BY_SAME_SESSION: 4300,
  /** A newer session of the user took its place, as the token's policy says. */
  REPLACED_BY_NEW_SESSION: 4301,
  /** The token's policy allows no second session of the user. */
  SESSION_REFUSED: 4302,
  /** The user was put out. */
  KICKED: 4303,
  /** The client signed out. */
  SIGNED_OUT: 4304,
  /** Too many bad frames. */
  PROTOCOL_VIOLATION: 4305,
} as const;

export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

/** The close that stands for a refusal which ends the connection, as at a sign-in: either tells the same. */
export const closeCodesByError: ReadonlyMap<ErrorCode, CloseCode> = new Map<ErrorCode, CloseCode>([
  [ErrorCode.TOKEN_INVALID, CloseCode.TOKEN_INVALID],
  [ErrorCode.TOKEN_EXPIRED, CloseCode.TOKEN_EXPIRED],
  [ErrorCode.SESSION_REFUSED, CloseCode.SESSION_REFUSED],
  [ErrorCode.STALE_SESSION, CloseCode.REPLACED_BY_SAME_SESSION],
  [ErrorCode.SESSION_REPLACED, CloseCode.REPLACED_BY_NEW_SESSION],
  [ErrorCode.SIGNED_OUT, CloseCode.SIGNED_OUT],
  [ErrorCode.KICKED, CloseCode.KICKED],
  [ErrorCode.RATE_LIMITED, CloseCode.OVERLOADED],
  [ErrorCode.UNAVAILABLE, CloseCode.UNAVAILABLE],
  [ErrorCode.INTERNAL, CloseCode.INTERNAL],
]);

/** What a client does after a close. */
export type AfterClose = 'resume' | 'new-token' | 'later' | 'stop';

const standardStops: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009, 1010]);

/** What a client does after a close with this code. */
export function afterClose(code: number): AfterClose {
  if (code >= 4300 && code < 4400) return 'stop';
  if (code >= 4200 && code < 4300) return 'later';
  if (code >= 4100 && code < 4200) return 'new-token';
  return standardStops.has(code) ? 'stop' : 'resume';
}
