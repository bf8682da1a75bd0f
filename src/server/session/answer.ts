import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ReplySchema } from '../../../gen/parley/signal/v1/frame_pb.ts';

type ReplyInit = MessageInitShape<typeof ReplySchema>;

/** What a reply carries. */
export type ReplyResult = Exclude<NonNullable<ReplyInit['result']>, { case: 'error' | undefined }>;

/** What a request came to; empty: plain success. */
export interface Answer {
  /** Absent: the success is acknowledged together with others. */
  readonly result?: ReplyResult;
  /**
   * The success was there before: the client asks again, since it was never told. It is acknowledged at once, for who lost a
   * connection may lose the next as fast.
   */
  readonly again?: boolean;
  /**
   * Runs right after the reply was sent: what it starts to send follows the reply. It runs too where the reply was that of
   * an overrun deadline, so that the node does what the log says.
   */
  readonly afterReply?: () => void;
  /** The request had no effect: its room has sent too much, for so many milliseconds yet. */
  readonly roomBusyMs?: number;
}
