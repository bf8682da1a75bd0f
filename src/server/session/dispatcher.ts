import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import {
  type ClientFrameView,
  type FrameKind,
  readClientFrame,
  readRequestId,
} from '../frame/client-frame.ts';
import type { Answer } from './answer.ts';
import type { Handlers } from './handler.ts';
import { OverrunWatch } from './overrun-watch.ts';
import type { WaitingRequest } from './request-book.ts';
import type { Session } from './session.ts';

/** Kinds of frames that may be sent without an id: they have no lasting effect. */
const withoutId: ReadonlySet<FrameKind> = new Set<FrameKind>(['heartbeat', 'typing']);

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly maxFrameBytes: number;
  /** How long a handler may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
}

/** Brings each frame of a session to the handler of its kind, and each outcome back to the client. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #watch: OverrunWatch;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const { requestTimeoutMs, clock } = options;
    this.#watch = new OverrunWatch(requestTimeoutMs, clock, (session, overrun) =>
      this.#overran(session, overrun),
    );
  }

  stop(): void {
    this.#watch.stop();
  }

  dispatch(session: Session, bytes: Uint8Array): void {
    // Before anything is checked: what is dropped has to cost as little as it can.
    if (!session.limits.take(bytes.length)) {
      session.limits.dropFrame(readRequestId(bytes), bytes.length);
      return;
    }
    const read = readClientFrame(bytes, this.#options.maxFrameBytes);
    if (!read.ok) {
      this.refuseBroken(session, read.id, read.error);
      return;
    }
    const { frame } = read;
    if (frame.id !== 0) {
      if (!this.#begin(session, frame)) return;
    } else if (!withoutId.has(frame.kind)) {
      session.refuse(
        0,
        new SignalError(ErrorCode.INVALID_ARGUMENT, `a ${frame.kind} frame needs an id other than 0`),
      );
      return;
    }
    this.#handle(session, frame);
  }

  /** Answers data that could not be made a frame. */
  refuseBroken(session: Session, id: number, error: SignalError): void {
    const problem = id === 0 ? undefined : session.requests.pass(id);
    session.refuse(id, problem ?? error);
    session.noteBrokenFrame();
  }

  /** False: the request is refused or dropped. */
  #begin(session: Session, { id, kind }: ClientFrameView): boolean {
    if (session.requests.isFull) {
      session.limits.drop(id, 'window');
      return false;
    }
    const problem = session.requests.begin(id, kind);
    if (problem === undefined) this.#watch.add(session);
    else session.refuse(id, problem);
    return problem === undefined;
  }

  #handle(session: Session, frame: ClientFrameView): void {
    const handler = this.#options.handlers[frame.kind];
    let answering: Promise<Answer>;
    try {
      answering = handler(session, frame);
    } catch (thrown) {
      this.#refused(session, frame, thrown);
      return;
    }
    answering.then(
      (answer) => this.#answered(session, frame, answer),
      (thrown: unknown) => this.#refused(session, frame, thrown),
    );
  }

  #answered(session: Session, { id, kind }: ClientFrameView, answer: Answer): void {
    try {
      if (answer.roomBusyMs !== undefined) session.limits.drop(id, 'room', answer.roomBusyMs);
      else if (session.requests.finish(id)) session.answer(id, answer);
      else answer.afterReply?.();
    } catch (error) {
      this.#fail(session, kind, error);
    }
  }

  #refused(session: Session, { id, kind }: ClientFrameView, thrown: unknown): void {
    try {
      const error = this.#explain(session, kind, thrown);
      if (session.requests.finish(id) || id === 0) session.refuse(id, error);
    } catch (error) {
      this.#fail(session, kind, error);
    }
  }

  /** The connection's state is not to be trusted any more. */
  #fail(session: Session, kind: FrameKind, error: unknown): void {
    session.log.error('session.failed', error, { kind });
    session.close(CloseCode.INTERNAL, 'the server failed');
  }

  #overran(session: Session, { id, kind }: WaitingRequest): void {
    if (!session.requests.finish(id)) return;
    const { requestTimeoutMs } = this.#options;
    const correlationId = randomUUID();
    const message = `the request took longer than ${requestTimeoutMs} ms; it may have its effect yet`;
    const error = new SignalError(ErrorCode.INTERNAL, message, { correlationId });
    session.log.warn('request.overran', { kind, correlationId, timeoutMs: requestTimeoutMs });
    session.refuse(id, error);
  }

  #explain(session: Session, kind: FrameKind, thrown: unknown): SignalError {
    if (thrown instanceof SignalError) return thrown;
    const correlationId = randomUUID();
    session.log.error('request.failed', thrown, { kind, correlationId });
    return new SignalError(ErrorCode.INTERNAL, 'the server failed', { cause: thrown, correlationId });
  }
}
