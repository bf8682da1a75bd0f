import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { RequestBody, RequestOptions, RequestResult } from './request.ts';

/** One request until it has its answer, with its deadline. */
export class PendingRequest {
  readonly body: RequestBody;
  readonly options: RequestOptions;
  readonly promise: Promise<RequestResult>;
  /** Its id and its frame, once it is on the wire; 0: it waits. */
  id = 0;
  frame = new Uint8Array();
  /** When it was last put on the wire, by the monotonic clock. */
  sentAtMs = 0;
  #settled = false;
  #settle: { resolve(result: RequestResult): void; reject(error: SignalError): void };
  readonly #stopDeadline: () => void;

  constructor(
    body: RequestBody,
    options: RequestOptions,
    timeoutMs: number,
    clock: Clock,
    onDeadline: () => void,
  ) {
    this.body = body;
    this.options = options;
    this.#settle = { resolve: () => {}, reject: () => {} };
    this.promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#stopDeadline = clock.after(timeoutMs, () => {
      this.fail(new SignalError(ErrorCode.DEADLINE_EXCEEDED, `no answer within ${timeoutMs} ms`));
      onDeadline();
    });
  }

  get outlives(): 'connection' | 'session' | 'client' {
    return this.options.outlives ?? 'session';
  }

  /** Whether the caller has its outcome; the server's answer may still be to come. */
  get settled(): boolean {
    return this.#settled;
  }

  succeed(result: RequestResult): void {
    if (this.#settled) this.options.onLate?.(result);
    else this.#end(() => this.#settle.resolve(result));
  }

  fail(error: SignalError): void {
    if (!this.#settled) this.#end(() => this.#settle.reject(error));
  }

  #end(settle: () => void): void {
    this.#settled = true;
    this.#stopDeadline();
    settle();
  }
}
