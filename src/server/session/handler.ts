import type { ClientFrameView, FrameKind } from '../frame/client-frame.ts';
import type { Answer } from './answer.ts';
import type { Session } from './session.ts';

/**
 * Does what a frame asks, at once or as a promise. Throws or rejects with a SignalError that the client gets; anything else thrown
 * is answered INTERNAL.
 */
export type Handler = (session: Session, frame: ClientFrameView) => Answer | Promise<Answer>;

/** A handler for every kind of frame: what is missing does not compile. */
export type Handlers = Readonly<Record<FrameKind, Handler>>;
