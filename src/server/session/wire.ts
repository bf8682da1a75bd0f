import type { SignalError } from '../../shared/signal-error.ts';

/** A connection as a session sees it: frames go out in order, whole, and a close is final. */
export interface Wire {
  /** Takes an encoded `ServerFrame`. Nothing happens on a wire that is closed. */
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
  /** What was sent and has not left the process yet, in bytes. */
  readonly bufferedBytes: number;
}

/** What a wire brings in. */
export interface WireListener {
  /** An encoded `ClientFrame`. */
  receive(frame: Uint8Array): void;
  /** Data that could not be made a frame; `id` is the request's, where it could be read, else 0. */
  receiveBroken(id: number, error: SignalError): void;
  /** The connection is gone. Called once, and nothing after it. */
  closed(code: number): void;
}
