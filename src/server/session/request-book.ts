import { maxUint32, maxUnanswered } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

/**
 * The requests of one connection that wait for their answers. Successes without a result are answered together: all up to
 * an id that are neither waiting nor had a reply of their own have succeeded.
 */
export class RequestBook {
  /** Ids that wait, in ascending order: a Set keeps the order in which they came. */
  readonly #waiting = new Set<number>();
  #highest = 0;
  #told = 0;

  /** Takes a request in; returns why it can't be, if so. */
  begin(id: number): SignalError | undefined {
    if (id <= this.#highest) {
      return new SignalError(
        ErrorCode.INVALID_ARGUMENT,
        `request id ${id} is not higher than the last one, ${this.#highest}`,
      );
    }
    if (id >= maxUint32) {
      return new SignalError(
        ErrorCode.INVALID_ARGUMENT,
        `request id ${id} is too high, the limit is ${maxUint32 - 1}`,
      );
    }
    if (this.#waiting.size >= maxUnanswered) {
      return new SignalError(
        ErrorCode.RATE_LIMITED,
        `${maxUnanswered} requests wait for their answers, the limit is ${maxUnanswered}`,
      );
    }
    this.#highest = id;
    this.#waiting.add(id);
    return undefined;
  }

  finish(id: number): void {
    this.#waiting.delete(id);
  }

  /** Up to which id all requests are answered; to be said with the next frame. 0: nothing new. */
  takeAcknowledged(): number {
    const first = this.#waiting.values().next();
    const through = first.done === true ? this.#highest : first.value - 1;
    if (through <= this.#told) return 0;
    this.#told = through;
    return through;
  }
}
