import type { Event } from '../../gen/parley/signal/v1/frame_pb.ts';
import type { SignalError } from '../shared/signal-error.ts';
import type { IceServer } from './ice-server.ts';

/**
 * - `idle`: not asked to connect yet
 * - `connecting`: on the way to the first sign-in
 * - `connected`: signed in
 * - `reconnecting`: the connection was lost; requests wait
 * - `closed`: over, until `connect()` is called again
 */
export type ClientState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'closed';

export interface ClientEvents {
  /** The state changed. `reason` says why, for a log. */
  state: { readonly state: ClientState; readonly reason?: string };
  /** Connected again. `recovered`: every room goes on without a gap; else some start again from a snapshot (`reset`). */
  resumed: { readonly recovered: boolean };
  /** As many attempts as the options allow have failed; `closed` follows. */
  gave_up: { readonly error: SignalError };
  /** Over. `code` is the WebSocket close code. */
  closed: { readonly code: number; readonly error?: SignalError };
  /** The token expires soon; a token function is asked for a new one at the same time. */
  token_expiring: { readonly expiresAt: Date };
  /**
   * The server goes away; the client moves to another after `afterMs` and loses nothing: `reconnecting`, then `resumed`. It stays
   * as it is while no other can be had, until the server closes the connection after `untilMs`. Both in milliseconds.
   */
  go_away: { readonly afterMs: number; readonly untilMs: number; readonly reason: string };
  /** ICE servers with new credentials, at sign-in and whenever they are renewed. */
  ice_servers: { readonly iceServers: readonly IceServer[]; readonly expiresAt?: Date };
  /** The server dropped requests by a limit; each of them rejects with `error`. */
  warning: { readonly ids: readonly number[]; readonly error: SignalError };
  /** Something that the session depends on went away or came back. */
  service_status: { readonly service: string; readonly available: boolean };
  /** What has no caller to reject to: a control error of the server, a listener that threw, a token that could not be had. */
  error: SignalError;
  /** An event of the user's inbox, as it came. */
  event: Event;
}
