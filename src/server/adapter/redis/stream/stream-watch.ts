import type { Clock } from '../../../../shared/clock.ts';
import type { Position, StreamListener, Subscription } from '../../../port/room-log.ts';
import type { Redis } from '../client/redis.ts';
import { type MessageListener, readMessage } from './stream-message.ts';
import type { StreamPlace } from './stream-place.ts';

export interface StreamWatchOptions {
  readonly redis: Redis;
  readonly clock: Clock;
  /** This node's name. */
  readonly node: string;
  /** Where a stream is, and the last offset there that is for this node; undefined: it is gone. */
  readonly look: (
    place: StreamPlace,
  ) => Promise<{ readonly head: Position; readonly last: number } | undefined>;
  /** Says of a position that it was part of the stream. Where it is no more, everyone who follows the stream comes to know. */
  readonly vouch: (place: StreamPlace, position: Position) => Promise<unknown>;
}

/** A stream that is followed, with the last place that is known to have been announced. */
interface Followed {
  readonly place: StreamPlace;
  readonly listener: StreamListener;
  /** What was last announced or found; undefined: nothing was yet. */
  seen: Position | undefined;
  /** When that was, by the monotonic clock. */
  atMs: number;
}

/** After this long without an announcement a stream is looked at, in milliseconds: a lost last one has no later one to betray it. */
const silenceMs = 5_000;
const lookIntervalMs = 1_000;

/** Follows the channels of streams, and looks at those that are silent. */
export class StreamWatch {
  readonly #options: StreamWatchOptions;
  /** Those that were silent for longest come first. */
  readonly #followed = new Set<Followed>();
  /** What this node was last told of its own commits. */
  readonly #written = new WeakMap<StreamPlace, Position>();
  /** What it said of positions, or wanted to, and was not answered yet: one or two for each time that the store was away. */
  readonly #unvouched = new WeakMap<StreamPlace, Set<Position>>();
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
  }

  async subscribe(place: StreamPlace, listener: StreamListener): Promise<Subscription> {
    const { redis, clock, node } = this.#options;
    const followed: Followed = { place, listener, seen: undefined, atMs: clock.monotonicMs() };
    const seeing: MessageListener = {
      onEntry: (entry, before) => {
        if (followed.seen !== undefined && followed.seen.epoch !== entry.position.epoch)
          this.#vouch(followed);
        this.#saw(followed, entry.position);
        listener.onEntry(entry, before);
      },
      onPublished: (key, body) => listener.onPublished(key, body),
      onAnnouncedElsewhere: () => listener.onInterrupted(),
    };
    const channels = [place.channel, place.channelTo(node)].map((channel) =>
      redis.subscribe(channel, {
        onMessage: (message) => readMessage(message, node, seeing),
        onInterrupted: () => {
          this.#vouch(followed);
          listener.onInterrupted();
        },
      }),
    );
    const close = () => {
      for (const subscribed of channels) {
        subscribed.then(
          (subscription) => subscription.close(),
          () => undefined,
        );
      }
    };
    try {
      await Promise.all(channels);
    } catch (error) {
      close();
      throw error;
    }
    this.#followed.add(followed);
    this.#cancelLook ??= this.#lookLater();
    return {
      close: () => {
        this.#followed.delete(followed);
        close();
      },
    };
  }

  /** A commit of this node was acknowledged, with a position that it got just now or by an earlier try. */
  wrote(place: StreamPlace, position: Position): void {
    const before = this.#written.get(place);
    if (before?.epoch === position.epoch && position.offset < before.offset) return;
    this.#written.set(place, position);
    if (before !== undefined && before.epoch !== position.epoch) this.#vouchFor(place, before);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#followed.clear();
  }

  #saw(followed: Followed, seen: Position | undefined): void {
    followed.seen = seen;
    followed.atMs = this.#options.clock.monotonicMs();
    // It goes to the end of those that wait to be looked at.
    if (this.#followed.delete(followed)) this.#followed.add(followed);
  }

  #lookLater(): () => void {
    return this.#options.clock.after(lookIntervalMs, () => {
      this.#cancelLook = undefined;
      const beforeMs = this.#options.clock.monotonicMs() - silenceMs;
      for (const followed of this.#followed) {
        if (followed.atMs > beforeMs) break;
        this.#saw(followed, followed.seen);
        void this.#look(followed);
      }
      if (this.#followed.size > 0 && !this.#isClosed) this.#cancelLook = this.#lookLater();
    });
  }

  /** Compares what was announced with where the stream is. */
  async #look(followed: Followed): Promise<void> {
    const before = followed.seen;
    try {
      const found = await this.#options.look(followed.place);
      if (followed.seen !== before) return;
      const { head, last } = found ?? { head: gone, last: 0 };
      const missesNothing =
        head.epoch === before?.epoch && last <= before.offset && before.offset <= head.offset;
      if (!missesNothing) this.#vouch(followed);
      followed.seen = head;
      if (!this.#followed.has(followed)) return;
      if (missesNothing) followed.listener.onPassed(head);
      else followed.listener.onInterrupted();
    } catch {
      // The store can't be reached: when it can again, every subscription tells that it was interrupted.
    }
  }

  /** Both: what was acknowledged may not have been announced, where the server ended in between. And what could not be vouched for before. */
  #vouch({ place, seen }: Followed): void {
    const positions = [seen, this.#written.get(place), ...(this.#unvouched.get(place) ?? [])];
    for (const position of new Set(positions)) this.#vouchFor(place, position);
  }

  /** Where the store can't be reached, it is done again when it can. */
  #vouchFor(place: StreamPlace, position: Position | undefined): void {
    if (position === undefined || position === gone) return;
    const unvouched = this.#unvouched.get(place) ?? new Set();
    this.#unvouched.set(place, unvouched.add(position));
    this.#options.vouch(place, position).then(
      () => unvouched.delete(position),
      () => undefined,
    );
  }
}

/** Where a stream is that the store has lost. No epoch is 0. */
const gone: Position = { epoch: 0, offset: 0 };
