import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ResumeSchema, StreamPosition, Welcome } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { SignIn } from './session-listener.ts';

/** Which session the client has, and what coming back to it needs. */
export class SessionIdentity {
  #session: { readonly sessionId: string; readonly sessionSecret: string } | undefined;
  /** Connections opened to come back to the session: tells one that was given up, and arrives late, from its successor. */
  #attempt = 0;

  /** Whether there is a session to come back to. */
  get isKnown(): boolean {
    return this.#session !== undefined;
  }

  /** For the `Hello` of one more connection. Undefined: there is nothing to come back to. */
  nextResume(positions: StreamPosition[]): MessageInitShape<typeof ResumeSchema> | undefined {
    if (this.#session === undefined) return undefined;
    this.#attempt += 1;
    return { ...this.#session, positions, attempt: this.#attempt };
  }

  /** Signed in: as the session that the welcome names. */
  welcomed({ resumed, sessionId, sessionSecret }: Welcome): SignIn {
    const before = this.#session?.sessionId;
    this.#session = { sessionId, sessionSecret };
    if (resumed && sessionId === before) return 'resumed';
    this.#attempt = 0;
    return before === undefined ? 'first' : 'new';
  }

  /** The session is over. */
  forget(): void {
    this.#session = undefined;
    this.#attempt = 0;
  }
}
