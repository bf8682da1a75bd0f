import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import { eventFrame, publishedFrame } from '../frame/server-frame.ts';
import type { Log } from '../port/log.ts';
import type { Entry, Position, RoomLog, StreamListener, StreamName, Subscription } from '../port/room-log.ts';

/** Who follows a stream on this node: gets what is for everyone, and what is for its number. */
export interface Receiver {
  /** The member's number: the offset of its join. */
  readonly number: number;
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
export interface Place {
  /** From now on the receiver gets what passes. */
  follow(receiver: Receiver): void;
  /** The last entry that passed here, whoever it was for. Undefined: none has since the tail began. */
  passed(): Position | undefined;
  /** All up to a position is known to this node: where nothing has passed yet, the next entry is the one after it. */
  reached(position: Position): void;
  /** Gives the place up. */
  leave(): void;
}

const readBytes = 1_048_576;

/** The one tail of a stream on this node: announced entries in order, to every receiver, framed once. */
class StreamTail implements StreamListener {
  readonly #stream: StreamName;
  readonly #name: string;
  readonly #log: RoomLog;
  readonly #logger: Log;
  readonly #places = new Set<Place>();
  readonly #receivers = new Map<number, Receiver>();
  #last: Position | undefined;
  /** Entries that came while a hole before them is being read. */
  #behindHole: Entry[] | undefined;
  readonly #emptied: () => void;

  constructor(stream: StreamName, log: RoomLog, logger: Log, emptied: () => void) {
    this.#stream = stream;
    this.#name = stream.startsWith('room:') ? stream.slice('room:'.length) : '';
    this.#log = log;
    this.#logger = logger;
    this.#emptied = emptied;
  }

  take(): Place {
    let own: Receiver | undefined;
    const place: Place = {
      follow: (receiver) => {
        own = receiver;
        this.#receivers.set(receiver.number, receiver);
      },
      passed: () => this.#last,
      reached: (position) => {
        this.#last ??= position;
      },
      leave: () => {
        if (own !== undefined && this.#receivers.get(own.number) === own) this.#receivers.delete(own.number);
        if (this.#places.delete(place) && this.#places.size === 0) this.#emptied();
      },
    };
    this.#places.add(place);
    return place;
  }

  onEntry(entry: Entry): void {
    if (this.#behindHole !== undefined) {
      this.#behindHole.push(entry);
      return;
    }
    const last = this.#last;
    if (last?.epoch === entry.position.epoch) {
      if (entry.position.offset <= last.offset) return;
      if (entry.position.offset > last.offset + 1) {
        this.#behindHole = [entry];
        void this.#fillHole(last);
        return;
      }
    }
    this.#pass(entry);
  }

  onPublished(key: string, body: Uint8Array): void {
    const frame = publishedFrame(this.#name, body);
    for (const receiver of this.#receivers.values()) receiver.deliverPublished(key, frame);
  }

  #pass(entry: Entry): void {
    this.#last = entry.position;
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
      this.#logger.error('tail.deliver', error, { stream: this.#stream });
      receiver.broken();
    }
  }

  /** Reads what was not announced. Where that fails, each receiver looks for itself whether the log reaches back to where it is. */
  async #fillHole(after: Position): Promise<void> {
    const filled = await this.#readFrom(after).catch((error: unknown) => {
      this.#logger.error('tail.hole', error, { stream: this.#stream });
      return false;
    });
    const waiting = this.#behindHole ?? [];
    this.#behindHole = undefined;
    if (!filled) {
      this.#last = waiting.at(-1)?.position;
      for (const receiver of this.#receivers.values()) receiver.missed();
      return;
    }
    for (const entry of waiting) this.onEntry(entry);
  }

  async #readFrom(after: Position): Promise<boolean> {
    for (let position = after; ; ) {
      const read = await this.#log.read(this.#stream, position, readBytes);
      if (!read.good) return false;
      for (const entry of read.entries) this.#pass(entry);
      if (read.complete) return true;
      position = read.entries.at(-1)?.position ?? position;
    }
  }
}

/** The tails of this node, one for each stream that someone here follows. */
export class StreamTails {
  readonly #log: RoomLog;
  readonly #logger: Log;
  readonly #tails = new Map<
    StreamName,
    { readonly tail: StreamTail; readonly ready: Promise<Subscription> }
  >();

  constructor(log: RoomLog, logger: Log) {
    this.#log = log;
    this.#logger = logger;
  }

  /** A place at a stream's tail; when this resolves, nothing that is committed later can be missed. */
  async take(stream: StreamName): Promise<Place> {
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
    const tail = new StreamTail(stream, this.#log, this.#logger, () => {
      if (this.#tails.get(stream) !== opened) return;
      this.#tails.delete(stream);
      opened.ready.then(
        (subscription) => subscription.close(),
        () => undefined,
      );
    });
    const opened = { tail, ready: this.#log.subscribe(stream, tail) };
    this.#tails.set(stream, opened);
    return opened;
  }
}
