import type { Control, Event } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { StreamPosition, Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { SignalError } from '../../shared/signal-error.ts';
import type { ClientState } from '../client-events.ts';

/** How a sign-in stands to the session before it: there was none, it is the same, or it has ended and this is another. */
export type SignIn = 'first' | 'resumed' | 'new';

export type ControlBody = Exclude<Control['body'], { case: undefined }>;

/** Who is told what happens to a session. Must not throw. */
export interface SessionListener {
  /** How far each stream was read: what the server is told on the way back. */
  positions(): StreamPosition[];
  onState(state: ClientState, reason: string | undefined): void;
  /** Signed in. Called before any request that waited goes out. */
  onWelcome(welcome: Welcome, signIn: SignIn): void;
  onEvent(event: Event): void;
  /** Each control frame of the server, after the session has done its own part. */
  onControl(body: ControlBody): void;
  onHeartbeat(delivered: readonly StreamPosition[]): void;
  onError(error: SignalError): void;
  onGaveUp(error: SignalError): void;
  /** Over. Without an error: the client signed out. */
  onClosed(code: number, error: SignalError | undefined): void;
}
