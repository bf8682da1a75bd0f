import { create } from '@bufbuild/protobuf';
import { type Error as ErrorMessage, ErrorSchema } from '../../../gen/parley/signal/v1/error_pb.ts';
import type { SignalError } from '../../shared/signal-error.ts';

/** A SignalError as it stands in a frame: without its cause. */
export function errorMessage(error: SignalError): ErrorMessage {
  const { code, message, retryable, reason, retryAfterMs, correlationId } = error;
  return create(ErrorSchema, { code, message, retryable, reason, retryAfterMs, correlationId });
}
