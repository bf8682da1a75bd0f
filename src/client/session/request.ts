import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClientFrameSchema, Reply } from '../../../gen/parley/signal/v1/frame_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

export type RequestBody = NonNullable<MessageInitShape<typeof ClientFrameSchema>['body']>;

/** What came of a request that was not refused; without a case: success without a result. */
export type RequestResult = Exclude<Reply['result'], { case: 'error' }>;

export interface RequestOptions {
  /**
   * What the request outlives. `connection`: nothing, it rejects with UNAVAILABLE when the connection is lost. `session`, the
   * default: a lost connection; it is sent again after the resume, and rejects with OUTCOME_UNKNOWN when the session has ended, or when
   * the store lost what its room remembered.
   * `client`: the session too, since asking a new one again does no harm.
   */
  readonly outlives?: 'connection' | 'session' | 'client';
  /** Goes before those that wait. */
  readonly urgent?: boolean;
  /** The room it is about: waits while that room is held. */
  readonly room?: string;
  /** Gets a success that came after the deadline, when nobody waits for it any more. */
  readonly onLate?: (result: RequestResult) => void;
}

/** How requests are made; `RequestLedger` keeps the promise. */
export type RequestFunction = (body: RequestBody, options?: RequestOptions) => Promise<RequestResult>;

type ResultCase = NonNullable<RequestResult['case']>;
type ResultValue<Case extends ResultCase> = Extract<RequestResult, { case: Case }>['value'];

/** A request's result of the kind that belongs to it. Throws INTERNAL for another. */
export function expectResult<Case extends ResultCase>(
  result: RequestResult,
  expected: Case,
): ResultValue<Case> {
  if (result.case === expected) return (result as { readonly value: unknown }).value as ResultValue<Case>;
  const got = result.case ?? 'nothing';
  throw new SignalError(ErrorCode.INTERNAL, `the server answered with ${got} where ${expected} was due`);
}
