import { create } from '@bufbuild/protobuf';
import { HeartbeatAnswerSchema, TokenRefreshedSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { CloseCode } from '../../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { type ClientFrameView, decodeBody, type FrameKind } from '../../frame/client-frame.ts';
import type { PresenceView } from '../../port/presence-view.ts';
import type { TokenVerifier } from '../../port/token-verifier.ts';
import type { Answer } from '../../session/answer.ts';
import type { Handler } from '../../session/handler.ts';
import type { Session } from '../../session/session.ts';
import type { Sessions } from '../../session/sessions.ts';
import { checkSuccessor } from './successor.ts';

/** What a client says about its session itself. */
export class SessionFeature {
  readonly #sessions: () => Sessions;
  readonly #verifier: TokenVerifier;
  readonly #presence: PresenceView;

  readonly handlers = {
    hello: () =>
      Promise.reject(new SignalError(ErrorCode.INVALID_ARGUMENT, 'the session is signed in already')),
    heartbeat: (session) => {
      for (const roomId of session.rooms.keys()) this.#presence.renew(roomId, session.userId);
      return delivered(session);
    },
    refreshToken: (session, frame) => this.#refreshToken(session, frame),
    signOut: (session) => this.#signOut(session),
  } satisfies Partial<Record<FrameKind, Handler>>;

  /** `sessions` is asked for when it is needed: the sessions need the handlers first. */
  constructor(sessions: () => Sessions, verifier: TokenVerifier, presence: PresenceView) {
    this.#sessions = sessions;
    this.#verifier = verifier;
    this.#presence = presence;
  }

  async #refreshToken(session: Session, frame: ClientFrameView): Promise<Answer> {
    const { token } = decodeBody(frame, 'refreshToken');
    const identity = await this.#verifier.verify(token);
    checkSuccessor(session.identity, identity);
    await this.#sessions().renew(session, identity, frame.id);
    const tokenExpiresAtMs = BigInt(session.identity.expiresAtMs ?? 0);
    return { result: { case: 'tokenRefreshed', value: create(TokenRefreshedSchema, { tokenExpiresAtMs }) } };
  }

  async #signOut(session: Session): Promise<Answer> {
    await this.#sessions().end(session, 'signed-out');
    return {
      afterReply: () => {
        session.acknowledge();
        session.close(CloseCode.SIGNED_OUT, 'signed out');
      },
    };
  }
}

function delivered(session: Session): Answer {
  const positions = Array.from(session.rooms.values(), ({ roomId, feed }) => ({
    stream: roomId,
    ...feed.delivered(),
  }));
  return { result: { case: 'heartbeat', value: create(HeartbeatAnswerSchema, { delivered: positions }) } };
}
