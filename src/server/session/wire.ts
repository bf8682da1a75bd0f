import type { SignalError } from '../../shared/signal-error.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';

/** A connection as a session sees it: frames go out in order, whole, and a close is final. */
export interface Wire {
  /** Sends a frame. What is sent in one turn of the event loop may leave together at its end. Nothing happens on a wire that is closed. */
  send(frame: OutgoingFrame): void;
  close(code: number, reason: string): void;
  /** What was sent and has not left the process yet, in bytes. */
  readonly bufferedBytes: number;
  /** Sets who is called back whenever bytes that had to wait have left, be it only for the end of their turn of the event loop. */
  onDrain(listener: () => void): void;
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
