import { backoffDelayMs } from '../../shared/backoff.ts';
import type { Clock } from '../../shared/clock.ts';
import { Pause } from '../../shared/pause.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import { eventFrame, publishedFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import type { Entry, Position, RoomLog, StreamListener, StreamName, Subscription } from '../port/room-log.ts';

/** Who follows a stream on this node: gets what is for everyone, and what is for its route. */
export interface Receiver {
  /** The offset of its join. */
  readonly route: number;
  /** `frame` is the entry, encoded once for all. */
  deliver(entry: Entry, frame: OutgoingFrame): void;
  /** Something that is not kept: a later one with the same key replaces it. */
  deliverPublished(key: string, frame: OutgoingFrame): void;
  /** What was announced before can't be had any more from the tail; the next to be delivered follows a hole. */
  missed(): void;
  /** A delivery threw: what comes next must not follow the hole that it left. */
  broken(): void;
}

/** A place at a tail, taken before the receiver's position is known: nothing announced from then on passes unnoticed. */
export interface TailPlace {
  /** From now on the receiver gets what passes. */
  follow(receiver: Receiver): void;
  /** How far all that is for this node has passed here. Undefined: nothing has since the tail began. */
  passed(): Position | undefined;
  /** All up to a position is known to this node: where nothing has passed yet, the next entry is the one after it. */
  reached(position: Position): void;
  /** Looks into the log for what was not announced; resolves when that has passed. */
  lookAgain(): Promise<void>;
  /** Gives the place up. */
  leave(): void;
}

const readBytes = 1_048_576;
const readBackoff = { firstDelayMs: 100, maxDelayMs: 2_000 };

interface StreamTailOptions {
  readonly log: RoomLog;
  readonly clock: Clock;
  readonly logger: Log;
}

/** An entry, and the offset before it that this node should have got. */
interface Announced {
  readonly entry: Entry;
  readonly before: number;
}

/** The one tail of a stream on this node: announced entries in order, to every receiver, framed once. */
class StreamTail implements StreamListener {
  readonly #stream: StreamName;
  readonly #name: string;
  readonly #options: StreamTailOptions;
  readonly #places = new Set<TailPlace>();
  readonly #receivers = new Map<number, Receiver>();
  #last: Position | undefined;
  /** Announcements were missed before anything passed: from where they are to be read shows when somebody has been served. */
  #missedFirst = false;
  /** Entries that come while those before them are being read. */
  #waiting: Announced[] | undefined;
  #catchingUp: Promise<void> = Promise.resolve();
  /** How often more was missed while the log was being read. */
  #missedMore = 0;
  /** Between two tries to read the log: not past word that the announcements are back, nor past the end. */
  readonly #pause: Pause;
  readonly #emptied: () => void;

  constructor(stream: StreamName, options: StreamTailOptions, emptied: () => void) {
    this.#stream = stream;
    this.#name = stream.startsWith('room:') ? stream.slice('room:'.length) : '';
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#emptied = emptied;
  }

  take(): TailPlace {
    let own: Receiver | undefined;
    const place: TailPlace = {
      follow: (receiver) => {
        own = receiver;
        this.#receivers.set(receiver.route, receiver);
      },
      passed: () => this.#last,
      reached: (position) => this.#reached(position),
      lookAgain: () => {
        this.onInterrupted();
        return this.#catchingUp;
      },
      leave: () => {
        if (own !== undefined && this.#receivers.get(own.route) === own) this.#receivers.delete(own.route);
        if (this.#places.delete(place) && this.#places.size === 0) this.#end();
      },
    };
    this.#places.add(place);
    return place;
  }

  onEntry(entry: Entry, before: number): void {
    if (this.#waiting !== undefined) {
      this.#waiting.push({ entry, before });
      return;
    }
    const last = this.#last;
    const { epoch, offset } = entry.position;
    if (last !== undefined && epoch === last.epoch && offset <= last.offset) return;
    // Whether what it had is still true in another epoch, only the log can tell.
    const follows = last === undefined || (epoch === last.epoch && before <= last.offset);
    if (follows) this.#pass(entry);
    else this.#catchUp(last, [{ entry, before }]);
  }

  onPassed({ epoch, offset }: Position): void {
    const last = this.#last;
    // While the log is being read, what passed shows there.
    if (this.#waiting !== undefined || last?.epoch !== epoch || offset <= last.offset) return;
    this.#last = { epoch, offset };
  }

  onPublished(key: string, body: Uint8Array): void {
    const frame = publishedFrame(this.#name, body);
    for (const receiver of this.#receivers.values()) receiver.deliverPublished(key, frame);
  }

  onInterrupted(): void {
    if (this.#waiting !== undefined) {
      this.#missedMore++;
      this.#pause.end();
    } else if (this.#last === undefined) this.#missedFirst = true;
    else this.#catchUp(this.#last, []);
  }

  #reached(position: Position): void {
    if (this.#last !== undefined) return;
    this.#last = position;
    if (this.#missedFirst) this.#catchUp(position, []);
  }

  #pass(entry: Entry): void {
    this.#last = entry.position;
    this.#missedFirst = false;
    if (entry.route === 0) {
      if (this.#receivers.size > 0) {
        const frame = eventFrame(this.#name, entry);
        for (const receiver of this.#receivers.values()) this.#deliver(receiver, entry, frame);
      }
    } else {
      const receiver = this.#receivers.get(entry.route);
      if (receiver !== undefined) this.#deliver(receiver, entry, eventFrame(this.#name, entry));
    }
  }

  /** What fails for one receiver is no matter of the others, nor of whoever committed. */
  #deliver(receiver: Receiver, entry: Entry, frame: OutgoingFrame): void {
    try {
      receiver.deliver(entry, frame);
    } catch (error) {
      this.#options.logger.error('tail.deliver', error, { stream: this.#stream });
      receiver.broken();
    }
  }

  #catchUp(last: Position, waiting: Announced[]): void {
    this.#waiting = waiting;
    this.#missedFirst = false;
    this.#catchingUp = this.#readOn(last);
  }

  /** Reads what was not announced. Where the log has lost it, each receiver looks for itself whether it reaches back to where it is. */
  async #readOn(last: Position): Promise<void> {
    const isGood = await this.#readUntilRead(last);
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    if (isGood) {
      for (const { entry, before } of waiting) this.onEntry(entry, before);
      return;
    }
    this.#last = waiting.at(-1)?.entry.position;
    this.#missedFirst = this.#last === undefined;
    for (const receiver of this.#receivers.values()) receiver.missed();
  }

  /** Tries until the log answers, or nobody follows any more. False: it does not have what follows. */
  async #readUntilRead(last: Position): Promise<boolean> {
    for (let attempt = 0; this.#places.size > 0; attempt++) {
      const missedBefore = this.#missedMore;
      try {
        const isGood = await this.#readFrom(this.#last ?? last);
        if (!isGood || this.#missedMore === missedBefore) return isGood;
      } catch (thrown) {
        if (!SignalError.from(thrown).retryable)
          this.#options.logger.error('tail.read', thrown, { stream: this.#stream });
        await this.#pause.wait(backoffDelayMs(readBackoff, attempt));
      }
    }
    return true;
  }

  async #readFrom(after: Position): Promise<boolean> {
    for (let position = after; ; ) {
      const read = await this.#options.log.read(this.#stream, position, readBytes);
      if (!read.good) return false;
      for (const entry of read.entries) this.#pass(entry);
      position = read.through;
      this.#last = position;
      if (read.complete) return true;
    }
  }

  #end(): void {
    this.#pause.end();
    this.#emptied();
  }
}

/** The tails of this node, one for each stream that someone here follows. */
export class StreamTails {
  readonly #options: StreamTailOptions;
  readonly #tails = new Map<
    StreamName,
    { readonly tail: StreamTail; readonly ready: Promise<Subscription> }
  >();

  constructor(options: StreamTailOptions) {
    this.#options = options;
  }

  /** A place at a stream's tail; when this resolves, nothing that is committed later can be missed. */
  async take(stream: StreamName): Promise<TailPlace> {
    const known = this.#tails.get(stream) ?? this.#open(stream);
    const place = known.tail.take();
    try {
      await known.ready;
    } catch (error) {
      place.leave();
      throw error;
    }
    return place;
  }

  /** How many streams are followed. */
  get size(): number {
    return this.#tails.size;
  }

  #open(stream: StreamName) {
    const tail = new StreamTail(stream, this.#options, () => {
      if (this.#tails.get(stream) !== opened) return;
      this.#tails.delete(stream);
      opened.ready.then(
        (subscription) => subscription.close(),
        () => undefined,
      );
    });
    const opened = { tail, ready: this.#options.log.subscribe(stream, tail) };
    this.#tails.set(stream, opened);
    return opened;
  }
}
