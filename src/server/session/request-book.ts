import { maxUint32, maxUnanswered } from '../../shared/limits.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import type { FrameKind } from '../frame/client-frame.ts';

/** Looks at what waits, after so many of which a request has overrun its deadline. */
export const looksToOverrun = 4;

/** A request that waits for its answer. */
export interface WaitingRequest {
  readonly id: number;
  readonly kind: FrameKind;
}

/**
 * The requests of one connection that wait for their answers. Successes without a result are answered together: all up to
 * an id that are neither waiting nor had a reply of their own have succeeded. One that was dropped has to be told before:
 * until then nothing from it on is acknowledged.
 */
export class RequestBook {
  /** What waits, by ascending id: 64 at most, so that an array is quicker than a map. */
  readonly #waiting: WaitingRequest[] = [];
  #highest = 0;
  #told = 0;
  /** Successes that a request before them keeps from being acknowledged, and which it was when that was last asked. */
  #heldUp: number[] = [];
  #heldUpBy: number | undefined;
  /** Ids that were dropped and are not told yet. */
  #dropped: number[] = [];
  #firstDropped = maxUint32;
  /** The highest id at each of the last looks, oldest first. */
  readonly #looks: number[] = [];

  /** Whether as many wait as may. */
  get isFull(): boolean {
    return this.#waiting.length >= maxUnanswered;
  }

  /** Whether any waits. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** How many were dropped and are not told yet. */
  get dropped(): number {
    return this.#dropped.length;
  }

  /** Takes a request in; returns why it can't be, if so. */
  begin(id: number, kind: FrameKind): SignalError | undefined {
    const problem = this.#problemOf(id);
    if (problem !== undefined) return new SignalError(ErrorCode.INVALID_ARGUMENT, problem);
    this.#highest = id;
    this.#waiting.push({ id, kind });
    return undefined;
  }

  /** Takes in the id of a request that is answered at once; returns why it can't be, if so. */
  pass(id: number): SignalError | undefined {
    const problem = this.#problemOf(id);
    if (problem !== undefined) return new SignalError(ErrorCode.INVALID_ARGUMENT, problem);
    this.#highest = id;
    return undefined;
  }

  /** Whether the request still waited: an answer that comes after the one for its deadline is none any more. */
  finish(id: number): boolean {
    if (this.#waiting[0]?.id === id) {
      this.#waiting.shift();
      return true;
    }
    const index = this.#waiting.findIndex((request) => request.id === id);
    if (index >= 0) this.#waiting.splice(index, 1);
    return index >= 0;
  }

  /** Notes a request that is dropped, whether it waits or comes just now. False: no request can have this id. */
  drop(id: number): boolean {
    if (!this.finish(id)) {
      if (this.#problemOf(id) !== undefined) return false;
      this.#highest = id;
    }
    this.#dropped.push(id);
    if (id < this.#firstDropped) this.#firstDropped = id;
    return true;
  }

  /** The ids that were dropped, to be told now. */
  takeDropped(): number[] {
    const ids = this.#dropped;
    this.#dropped = [];
    this.#firstDropped = maxUint32;
    return ids;
  }

  /** Up to which id all requests are answered; to be said with the next frame. 0: nothing new. */
  takeAcknowledged(): number {
    const [first] = this.#waiting;
    const answered = first === undefined ? this.#highest : first.id - 1;
    const through = Math.min(answered, this.#firstDropped - 1);
    if (through <= this.#told) return 0;
    this.#told = through;
    return through;
  }

  /** Notes a success that has no reply of its own. */
  succeeded(id: number): void {
    const [first] = this.#waiting;
    if (first !== undefined && first.id < id) this.#heldUp.push(id);
  }

  /** Whether successes wait for a request before them. */
  get isHeldUp(): boolean {
    return this.#heldUp.length > 0;
  }

  /** The successes that one and the same request has kept from being acknowledged since this was last asked: each is to be told by itself. */
  takeHeldUp(): readonly number[] {
    const by = this.#heldUp.length === 0 ? undefined : this.#waiting[0]?.id;
    const held = by === undefined ? [] : this.#heldUp.filter((id) => id > by);
    const isStill = by === this.#heldUpBy;
    this.#heldUpBy = by;
    this.#heldUp = isStill ? [] : held;
    return isStill ? held : [];
  }

  /** One look more. Gives the requests that have waited for `looksToOverrun` whole times between two looks. */
  look(): readonly WaitingRequest[] {
    const through = this.#looks.length < looksToOverrun ? 0 : (this.#looks.shift() ?? 0);
    this.#looks.push(this.#highest);
    const overrun: WaitingRequest[] = [];
    for (const request of this.#waiting) {
      if (request.id > through) break;
      overrun.push(request);
    }
    return overrun;
  }

  #problemOf(id: number): string | undefined {
    if (id <= this.#highest) return `request id ${id} is not higher than the last one, ${this.#highest}`;
    if (id >= maxUint32) return `request id ${id} is too high, the limit is ${maxUint32 - 1}`;
    return undefined;
  }
}
