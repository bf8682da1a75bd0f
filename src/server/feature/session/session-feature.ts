import { create } from '@bufbuild/protobuf';
import { HeartbeatAnswerSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { CloseCode } from '../../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import type { FrameKind } from '../../frame/client-frame.ts';
import type { Answer } from '../../session/answer.ts';
import type { Handler } from '../../session/handler.ts';
import type { Session } from '../../session/session.ts';
import type { Sessions } from '../../session/sessions.ts';

/** What a client says about its session itself. */
export class SessionFeature {
  readonly #sessions: () => Sessions;

  readonly handlers = {
    hello: () =>
      Promise.reject(new SignalError(ErrorCode.INVALID_ARGUMENT, 'the session is signed in already')),
    heartbeat: (session) => Promise.resolve(delivered(session)),
    signOut: (session) => this.#signOut(session),
  } satisfies Partial<Record<FrameKind, Handler>>;

  /** `sessions` is asked for when it is needed: the sessions need the handlers first. */
  constructor(sessions: () => Sessions) {
    this.#sessions = sessions;
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
