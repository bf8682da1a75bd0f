import { randomUUID } from 'node:crypto';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { type ClientFrameView, type FrameKind, readClientFrame } from '../frame/client-frame.ts';
import type { Answer } from './answer.ts';
import type { Handlers } from './handler.ts';
import type { Session } from './session.ts';

/** Kinds of frames that may be sent without an id: they have no lasting effect. */
const withoutId: ReadonlySet<FrameKind> = new Set<FrameKind>(['heartbeat', 'typing']);

/** Brings each frame of a session to the handler of its kind, and each outcome back to the client. */
export class Dispatcher {
  readonly #handlers: Handlers;
  readonly #maxFrameBytes: number;

  constructor(handlers: Handlers, maxFrameBytes: number) {
    this.#handlers = handlers;
    this.#maxFrameBytes = maxFrameBytes;
  }

  dispatch(session: Session, bytes: Uint8Array): void {
    const read = readClientFrame(bytes, this.#maxFrameBytes);
    if (!read.ok) {
      this.refuseBroken(session, read.id, read.error);
      return;
    }
    const { frame } = read;
    if (frame.id !== 0) {
      const problem = session.requests.begin(frame.id);
      if (problem !== undefined) {
        session.refuse(frame.id, problem);
        return;
      }
    } else if (!withoutId.has(frame.kind)) {
      session.refuse(
        0,
        new SignalError(ErrorCode.INVALID_ARGUMENT, `a ${frame.kind} frame needs an id other than 0`),
      );
      return;
    }
    this.#handle(session, frame).catch((error: unknown) => {
      session.log.error('session.failed', error, { kind: frame.kind });
      session.close(CloseCode.INTERNAL, 'the server failed');
    });
  }

  async #handle(session: Session, frame: ClientFrameView): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#handlers[frame.kind](session, frame);
    } catch (thrown) {
      session.requests.finish(frame.id);
      session.refuse(frame.id, this.#explain(session, frame.kind, thrown));
      return;
    }
    session.requests.finish(frame.id);
    if (frame.id !== 0) session.answer(frame.id, answer);
  }

  /** Answers data that could not be made a frame. */
  refuseBroken(session: Session, id: number, error: SignalError): void {
    const problem = id === 0 ? undefined : session.requests.begin(id);
    if (problem === undefined) session.requests.finish(id);
    session.refuse(id, problem ?? error);
    session.noteBrokenFrame();
  }

  #explain(session: Session, kind: FrameKind, thrown: unknown): SignalError {
    if (thrown instanceof SignalError) return thrown;
    const correlationId = randomUUID();
    session.log.error('request.failed', thrown, { kind, correlationId });
    return new SignalError(ErrorCode.INTERNAL, 'the server failed', { cause: thrown, correlationId });
  }
}
