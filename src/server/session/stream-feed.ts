import type { OutgoingFrame } from '../frame/outgoing-frame.ts';
import { eventFrame } from '../frame/server-frame.ts';
import type { Entry, Position, RoomLog, StreamName } from '../port/room-log.ts';
import type { Outbound, Puller } from './outbound.ts';
import type { Receiver, TailPlace } from './stream-tail.ts';

/** How much is read at once on the way to a snapshot, in bytes. */
const catchUpBytes = 65_536;

export interface StreamFeedOptions {
  readonly stream: StreamName;
  /** As the client knows the stream: a room's id, or empty for the inbox. */
  readonly name: string;
  /** What is directed to the receiver: the offset of its join. */
  readonly route: number;
  readonly log: RoomLog;
  readonly place: TailPlace;
  readonly outbound: Outbound;
  /** Called after an entry was sent. */
  readonly onSent: (entry: Entry) => void;
  /** The log does not reach back to the cursor any more: only a snapshot helps. */
  readonly onLost: () => void;
  /** The server failed with this connection. */
  readonly onBroken: () => void;
}

/**
 * - `live`: entries are sent as the tail brings them.
 * - `pulling`: they are read from the log, from the cursor on, as there is room, until the cursor meets the tail.
 * - `held`: nothing is sent.
 * - `stopped`: nothing is sent any more.
 */
type Mode = 'live' | 'pulling' | 'held' | 'stopped';

/** Brings one stream to one connection, in order and without a gap, at the pace at which the client reads. */
export class StreamFeed implements Receiver, Puller {
  readonly route: number;
  readonly #options: StreamFeedOptions;
  #mode: Mode = 'held';
  /** Everything up to here that is for the receiver was sent; in `live` the tail's own place may be further. */
  #cursor: Position = { epoch: 0, offset: 0 };
  /** Nothing lies between the cursor and what the tail announces. */
  #meetsTail = false;
  /** Rises where the cursor or the mode is set anew: what a read that began before brings is not wanted any more. */
  #turn = 0;

  constructor(options: StreamFeedOptions) {
    this.#options = options;
    this.route = options.route;
  }

  /**
   * Sends what comes after a position. `isHead`: it was the head at a moment since the place was taken, so that the tail has
   * announced all that came after it.
   */
  start(after: Position, isHead: boolean): void {
    this.#options.place.follow(this);
    this.moveTo(after, isHead);
    this.release();
  }

  /** Sends nothing from now on, until `release`. */
  hold(): void {
    if (this.#mode === 'stopped') return;
    this.moveTo(this.delivered(), this.#meetsTail);
    this.#mode = 'held';
    this.#options.outbound.withdraw(this);
  }

  /**
   * While it is held: sends what is missing up to a head that the stream had since, and nothing after it. The client has that head then: what
   * the log does not have of it any more is found missing as the feed goes on. False: it can't, or was stopped on the way.
   */
  async catchUp(head: Position): Promise<boolean> {
    while (this.#mode === 'held' && isAfter(head, this.#cursor)) {
      await this.#options.outbound.room();
      const came = await this.#read(catchUpBytes, head);
      if (came === 'given up') return false;
      if (came === 'all') this.moveTo(head, true);
    }
    return this.#mode === 'held';
  }

  /** While it is held: after the release it goes on from another position. `isHead` as at the start. */
  moveTo({ epoch, offset }: Position, isHead: boolean): void {
    this.#turn++;
    this.#cursor = { epoch, offset };
    this.#meetsTail = isHead;
  }

  release(): void {
    if (this.#mode !== 'held') return;
    if (!this.#joinTail()) this.#pullOn();
  }

  /** How far the client has been served: everything for it up to here was sent. */
  delivered(): Position {
    const passed = this.#mode === 'live' ? this.#options.place.passed() : undefined;
    return passed !== undefined && isAfter(passed, this.#cursor) ? passed : this.#cursor;
  }

  stop(): void {
    this.#turn++;
    this.#mode = 'stopped';
    this.#options.outbound.withdraw(this);
    this.#options.place.leave();
  }

  deliver(entry: Entry, frame: OutgoingFrame): void {
    if (this.#mode !== 'live' || !isAfter(entry.position, this.#cursor)) return;
    if (this.#options.outbound.hasRoom) this.#send(entry, frame);
    else this.#fallBehind(entry);
  }

  deliverPublished(key: string, frame: OutgoingFrame): void {
    this.#options.outbound.publish(key, frame);
  }

  /** The tail has a hole that it can't fill: the log is read from the cursor on. */
  missed(): void {
    if (this.#mode !== 'live') return;
    this.#meetsTail = false;
    this.#pullOn();
  }

  broken(): void {
    this.stop();
    this.#options.onBroken();
  }

  async pull(maxBytes: number): Promise<boolean> {
    if (this.#mode !== 'pulling') return false;
    const announced = this.#options.place.passed();
    const turn = this.#turn;
    const came = await this.#read(maxBytes);
    if (came === 'given up' || this.#turn !== turn) return false;
    if (came === 'all' && announced !== undefined) {
      if (announced.epoch !== this.#cursor.epoch) await this.#options.place.lookAgain();
      else if (announced.offset > this.#cursor.offset) {
        // The log ends before what it announced: reading on would never end.
        this.#lose();
        return false;
      }
      if (this.#turn !== turn) return false;
    }
    return !this.#joinTail();
  }

  /** All before the entry was served, for the tail leaves out nothing. */
  #fallBehind({ position: { epoch, offset } }: Entry): void {
    this.#cursor = { epoch, offset: offset - 1 };
    this.#pullOn();
  }

  #pullOn(): void {
    this.#mode = 'pulling';
    this.#options.outbound.enqueue(this);
  }

  /** Goes live where nothing is missing between the cursor and the tail. */
  #joinTail(): boolean {
    const { place } = this.#options;
    const passed = place.passed();
    if (!this.#meetsTail || (passed !== undefined && isAfter(passed, this.#cursor))) return false;
    place.reached(this.#cursor);
    this.#mode = 'live';
    return true;
  }

  /**
   * Reads on from the cursor and sends what is for the receiver, no further than `upTo`: some of it or all that there was. Given
   * up: it was stopped or held meanwhile, and who did that goes on.
   */
  async #read(maxBytes: number, upTo?: Position): Promise<'some' | 'all' | 'given up'> {
    const { log, stream, name } = this.#options;
    const turn = this.#turn;
    const read = await log.read(stream, this.#cursor, maxBytes);
    if (this.#turn !== turn) return 'given up';
    if (!read.good) {
      this.#lose();
      return 'given up';
    }
    for (const entry of read.entries) {
      if (upTo !== undefined && isAfter(entry.position, upTo)) return 'all';
      if (entry.route === 0 || entry.route === this.route) this.#send(entry, eventFrame(name, entry));
      if (this.#turn !== turn) return 'given up';
    }
    this.#cursor = read.through;
    if (read.complete) this.#meetsTail = true;
    return read.complete ? 'all' : 'some';
  }

  #lose(): void {
    this.stop();
    this.#options.onLost();
  }

  #send(entry: Entry, frame: OutgoingFrame): void {
    this.#cursor = entry.position;
    this.#options.outbound.send(frame);
    this.#options.onSent(entry);
  }
}

function isAfter(one: Position, other: Position): boolean {
  return one.epoch !== other.epoch || one.offset > other.offset;
}
