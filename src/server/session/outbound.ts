import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { CloseCode } from '../../shared/close-codes.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import type { Log } from '../port/log.ts';
import type { Wire } from './wire.ts';

export interface OutboundLimits {
  /** What may wait to be sent before the streams stop and are read from their logs instead, piece by piece, in bytes. */
  readonly budgetBytes: number;
  /** Past this nothing more is taken, in bytes: replies and control frames, which can't be read again, go beyond the budget. */
  readonly maxBytes: number;
}

export interface OutboundOptions {
  readonly wire: Wire;
  readonly limits: OutboundLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** More than `maxBytes` wait: the client does not read. Nothing is sent after it. */
  readonly onOverflow: () => void;
}

/** What reads on when there is room to send what it reads. */
export interface Puller {
  /** Sends up to about `maxBytes`. True: there is more. Rejects where the read failed, and is asked again after a while. */
  pull(maxBytes: number): Promise<boolean>;
}

/** Most published events that wait, one for each key; the oldest go first. */
const maxThinned = 1_024;
const pullBackoff = { firstDelayMs: 100, maxDelayMs: 2_000 };

/**
 * What goes out on one connection, in order and within bounds. A reader that is slow costs the budget at most: what must arrive
 * stays in its log and is pulled from there as room comes, and of what is only published the latest of each key waits.
 */
export class Outbound {
  readonly #options: OutboundOptions;
  readonly #thinned = new Map<string, OutgoingFrame>();
  /** In the order of their turns. */
  readonly #pullers = new Set<Puller>();
  #awaitingRoom: (() => void)[] = [];
  #isPulling = false;
  #isClosed = false;
  #failures = 0;
  #cancelRetry: () => void = () => undefined;

  constructor(options: OutboundOptions) {
    this.#options = options;
    options.wire.onDrain(() => this.#drainedSafely());
  }

  /** Whether what comes now may be sent at once. */
  get hasRoom(): boolean {
    const { wire, limits } = this.#options;
    return wire.bufferedBytes < limits.budgetBytes;
  }

  /** Sends a frame that must go out now, after all that was sent before it. */
  send(frame: OutgoingFrame): void {
    const { wire, limits, onOverflow } = this.#options;
    if (this.#isClosed) return;
    if (wire.bufferedBytes <= limits.maxBytes) {
      wire.send(frame);
      return;
    }
    this.close();
    onOverflow();
  }

  /** Sends what a later frame with the same key replaces; without room, the latest waits for it. */
  publish(key: string, frame: OutgoingFrame): void {
    if (this.hasRoom) {
      this.send(frame);
      return;
    }
    this.#thinned.delete(key);
    this.#thinned.set(key, frame);
    if (this.#thinned.size > maxThinned) this.#thinned.delete(firstOf(this.#thinned.keys()));
  }

  /** Asks for turns to pull, beside others, until it has no more or is withdrawn. */
  enqueue(puller: Puller): void {
    this.#pullers.add(puller);
    void this.#pull();
  }

  withdraw(puller: Puller): void {
    this.#pullers.delete(puller);
  }

  /** Resolves when there is room, or never will be. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#isClosed)
      await new Promise<void>((resolve) => this.#awaitingRoom.push(resolve));
  }

  /** Nothing is sent or pulled any more. */
  close(): void {
    this.#isClosed = true;
    this.#pullers.clear();
    this.#thinned.clear();
    this.#cancelRetry();
    this.#wake();
  }

  #wake(): void {
    const awaiting = this.#awaitingRoom;
    this.#awaitingRoom = [];
    for (const wake of awaiting) wake();
  }

  /** Whoever drains the wire writes to others too, which must not suffer. */
  #drainedSafely(): void {
    try {
      this.#drained();
    } catch (error) {
      this.#options.log.error('outbound.drain', error);
      this.close();
      this.#options.wire.close(CloseCode.INTERNAL, 'the server failed');
    }
  }

  #drained(): void {
    if (this.#awaitingRoom.length + this.#thinned.size + this.#pullers.size === 0) return;
    this.#wake();
    for (const [key, frame] of this.#thinned) {
      if (!this.hasRoom) return;
      this.#thinned.delete(key);
      this.send(frame);
    }
    void this.#pull();
  }

  /** One pull at a time, each in turn, so that many streams together keep to the budget. */
  async #pull(): Promise<void> {
    if (this.#isPulling) return;
    this.#isPulling = true;
    const { wire, limits } = this.#options;
    while (!this.#isClosed && this.#pullers.size > 0 && this.hasRoom) {
      const puller = firstOf(this.#pullers);
      // Out before it pulls: what asks for a turn meanwhile gets one.
      this.#pullers.delete(puller);
      try {
        if (await puller.pull(limits.budgetBytes - wire.bufferedBytes)) this.#pullers.add(puller);
        this.#failures = 0;
      } catch (error) {
        this.#pullers.add(puller);
        this.#pullLater(error);
        break;
      }
    }
    this.#isPulling = false;
  }

  #pullLater(thrown: unknown): void {
    const { clock, log } = this.#options;
    if (!SignalError.from(thrown).retryable) log.error('outbound.pull', thrown);
    if (this.#isClosed) return;
    this.#cancelRetry();
    this.#cancelRetry = clock.after(backoffDelayMs(pullBackoff, this.#failures++), () => void this.#pull());
  }
}

function firstOf<Value>(values: Iterable<Value>): Value {
  const [first] = values;
  return first as Value;
}
