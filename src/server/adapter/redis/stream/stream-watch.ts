import type { Clock } from '../../../../shared/clock.ts';
import type { StreamListener, Subscription } from '../../../port/room-log.ts';
import type { Redis } from '../client/redis.ts';
import { readMessage } from './stream-message.ts';
import type { StreamPlace } from './stream-place.ts';

export interface StreamWatchOptions {
  readonly redis: Redis;
  readonly clock: Clock;
}

/** A stream that is followed, with the last place that is known to have been announced. */
interface Followed {
  readonly place: StreamPlace;
  readonly listener: StreamListener;
  /** `<epoch> <offset>` of what was last announced or found; undefined: nothing was yet. */
  seen: string | undefined;
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
  #cancelLook: (() => void) | undefined;
  #isClosed = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
  }

  async subscribe(place: StreamPlace, listener: StreamListener): Promise<Subscription> {
    const { redis, clock } = this.#options;
    const followed: Followed = { place, listener, seen: undefined, atMs: clock.monotonicMs() };
    const subscription = await redis.subscribe(place.channel, {
      onMessage: (message) =>
        readMessage(message, {
          onEntry: (entry) => {
            this.#saw(followed, seenAt(entry.position.epoch, entry.position.offset));
            listener.onEntry(entry);
          },
          onPublished: (key, body) => listener.onPublished(key, body),
        }),
      onInterrupted: () => listener.onInterrupted(),
    });
    this.#followed.add(followed);
    this.#cancelLook ??= this.#lookLater();
    return {
      close: () => {
        this.#followed.delete(followed);
        subscription.close();
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#followed.clear();
  }

  #saw(followed: Followed, seen: string): void {
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
        this.#saw(followed, followed.seen ?? '');
        void this.#look(followed);
      }
      if (this.#followed.size > 0 && !this.#isClosed) this.#cancelLook = this.#lookLater();
    });
  }

  /** Compares what was announced with where the stream is. */
  async #look(followed: Followed): Promise<void> {
    const [state] = followed.place.keys;
    const before = followed.seen;
    try {
      const reply = await this.#options.redis.call(state, 'HMGET', state, 'epoch', 'top');
      const [epoch, top] = (Array.isArray(reply) ? reply : []) as (Buffer | null)[];
      if (followed.seen !== before) return;
      const isThere = epoch != null && top != null;
      const now = isThere ? seenAt(Number(String(epoch)), Number(String(top))) : gone;
      if (now === before) return;
      followed.seen = now;
      if (this.#followed.has(followed)) followed.listener.onInterrupted();
    } catch {
      // The store can't be reached: when it can again, every subscription tells that it was interrupted.
    }
  }
}

/** A stream that somebody follows, and that the store has lost. */
const gone = 'gone';

function seenAt(epoch: number, offset: number): string {
  return `${epoch} ${offset}`;
}
