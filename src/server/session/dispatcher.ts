import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { codeName, ErrorCode, SignalError } from '../../shared/signal-error.ts';
import {
  type ClientFrameView,
  type FrameKind,
  frameName,
  readClientFrame,
  readRequestId,
} from '../frame/client-frame.ts';
import type { Metrics } from '../port/metrics.ts';
import type { Answer } from './answer.ts';
import type { Limit } from './frame-limits.ts';
import type { Handlers } from './handler.ts';
import { OverrunWatch } from './overrun-watch.ts';
import type { WaitingRequest } from './request-book.ts';
import type { Session } from './session.ts';

/** Kinds of frames that may be sent without an id: they have no lasting effect. */
const withoutId: ReadonlySet<FrameKind> = new Set<FrameKind>(['heartbeat', 'typing']);

/** What a frame that is dropped counts as: its warning has this code. */
const dropped = codeName(ErrorCode.RATE_LIMITED);

export interface DispatcherOptions {
  readonly handlers: Handlers;
  readonly maxFrameBytes: number;
  /** How long a handler may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
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
      this.#options.metrics.refused(dropped);
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
      this.#refuse(
        session,
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
    this.#refuse(session, id, problem ?? error);
    session.noteBrokenFrame();
  }

  /** False: the request is refused or dropped. */
  #begin(session: Session, { id, kind }: ClientFrameView): boolean {
    if (session.requests.isFull) {
      this.#drop(session, id, 'window');
      return false;
    }
    const problem = session.requests.begin(id, kind);
    if (problem !== undefined) this.#refuse(session, id, problem);
    return problem === undefined;
  }

  #handle(session: Session, frame: ClientFrameView): void {
    const handler = this.#options.handlers[frame.kind];
    const { gen } = session;
    let answering: Answer | Promise<Answer>;
    try {
      answering = handler(session, frame);
    } catch (thrown) {
      this.#failed(session, frame, thrown, gen);
      return;
    }
    if (!(answering instanceof Promise)) {
      this.#answered(session, frame, answering);
      return;
    }
    if (frame.id !== 0) this.#watch.add(session);
    answering.then(
      (answer) => this.#answered(session, frame, answer),
      (thrown: unknown) => this.#failed(session, frame, thrown, gen),
    );
  }

  #answered(session: Session, { id, kind }: ClientFrameView, answer: Answer): void {
    try {
      if (answer.roomBusyMs !== undefined) {
        this.#drop(session, id, 'room', answer.roomBusyMs);
        return;
      }
      // What a relay carries is counted where that is known.
      if (kind !== 'relay') this.#options.metrics.handled(frameName(kind));
      if (session.requests.finish(id)) session.answer(id, answer);
      else answer.afterReply?.();
    } catch (error) {
      this.#giveUp(session, kind, error);
    }
  }

  /** `gen`: the session's when it asked. */
  #failed(session: Session, { id, kind }: ClientFrameView, thrown: unknown, gen: number): void {
    try {
      const failure = this.#explain(session, kind, thrown);
      const isOvertaken = failure.code === ErrorCode.STALE_SESSION && gen !== session.gen;
      const error = isOvertaken ? overtaken() : failure;
      if (error.code === ErrorCode.STALE_SESSION) {
        // Not answered: whoever has the session now, or gets it when the client comes back, answers.
        session.close(CloseCode.NOT_ATTACHED, error.message);
        return;
      }
      if (session.requests.finish(id) || id === 0) this.#refuse(session, id, error);
    } catch (error) {
      this.#giveUp(session, kind, error);
    }
  }

  /** The connection's state is not to be trusted any more. */
  #giveUp(session: Session, kind: FrameKind, error: unknown): void {
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
    this.#refuse(session, id, error);
  }

  #refuse(session: Session, id: number, error: SignalError): void {
    this.#options.metrics.refused(error.codeName);
    session.refuse(id, error);
  }

  #drop(session: Session, id: number, limit: Limit, retryAfterMs?: number): void {
    this.#options.metrics.refused(dropped);
    session.limits.drop(id, limit, retryAfterMs);
  }

  #explain(session: Session, kind: FrameKind, thrown: unknown): SignalError {
    if (thrown instanceof SignalError) return thrown;
    const correlationId = randomUUID();
    session.log.error('request.failed', thrown, { kind, correlationId });
    return new SignalError(ErrorCode.INTERNAL, 'the server failed', { cause: thrown, correlationId });
  }
}

/** The store had lost the session, and has it with a higher gen now: what it asked with the one before had no effect. */
function overtaken(): SignalError {
  return new SignalError(ErrorCode.UNAVAILABLE, 'the store had lost the session: the request had no effect');
}
