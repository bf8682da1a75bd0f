import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ReplySchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import type { ClientFrameView, FrameKind } from '../frame/client-frame.ts';
import type { Session } from './session.ts';

type ReplyInit = MessageInitShape<typeof ReplySchema>;

/** What a reply carries. */
export type ReplyResult = Exclude<NonNullable<ReplyInit['result']>, { case: 'error' | undefined }>;

/** What a request came to. */
export interface Answer {
  /** Absent: plain success, acknowledged together with others. */
  readonly result?: ReplyResult;
  /** Runs right after the reply was sent: what it starts to send follows the reply. */
  readonly afterReply?: () => void;
}

/** Does what a frame asks. Rejects with a SignalError that the client gets; anything else thrown is answered INTERNAL. */
export type Handler = (session: Session, frame: ClientFrameView) => Promise<Answer>;

/** A handler for every kind of frame: what is missing does not compile. */
export type Handlers = Readonly<Record<FrameKind, Handler>>;

/** The answer of a request that carries nothing. */
export const succeeded: Answer = {};
