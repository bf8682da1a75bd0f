import { LRUCache } from 'lru-cache';
import type { Clock } from '../../../../shared/clock.ts';
import { SignalError } from '../../../../shared/signal-error.ts';
import type { Redis } from '../client/redis.ts';
import { textsOf } from '../client/redis-reply.ts';
import { streamPlace } from './stream-place.ts';

export interface RoomListOptions {
  readonly redis: Redis;
  readonly clock: Clock;
}

/** In a slot of its own. */
const key = 'rooms';
/** How long a room that was listed is taken to be so. */
const listedMs = 60_000;
const maxListed = 100_000;
/** After this long rooms that could not be listed are tried again, in milliseconds, and so many at a time. */
const againMs = 1_000;
const listedAtOnce = 500;
/** How often some of the list are looked at, in milliseconds, how many, and the share of rooms that are gone past which it is at once again. */
const sweepIntervalMs = 10_000;
const swept = 64;
const shareToGoOn = 1 / 4;

/**
 * The ids of rooms, for those who list them (`rooms`): one too many, and one too few only while their slot can't be reached. A room is listed
 * as its first member comes in, and again behind the commit with which it began: so it is listed last also where it was just being taken
 * from the list as one that is gone. Each node looks at some of the list now and then, so that rooms which are gone are not named for ever.
 */
export class RoomList {
  readonly #options: RoomListOptions;
  readonly #listed: LRUCache<string, true>;
  /** Those that could not be listed, and are tried again. */
  readonly #unlisted = new Set<string>();
  #cancelSweep: () => void = () => undefined;
  #cancelAgain: (() => void) | undefined;
  #isClosed = false;

  constructor(options: RoomListOptions) {
    this.#options = options;
    const { clock } = options;
    this.#listed = new LRUCache({ max: maxListed, ttl: listedMs, perf: { now: () => clock.monotonicMs() } });
    this.#sweepLater();
  }

  /**
   * For a room that may have members from now on. Resolves when it is listed, or when it can't be for now: no room waits for the slot of the list,
   * and it is tried again until it is. Rejects where the store refuses it.
   */
  async add(roomId: string): Promise<void> {
    if (this.#listed.has(roomId) || this.#unlisted.has(roomId)) return;
    if (this.#unlisted.size > 0) this.#listLater(roomId);
    else await this.#list(roomId);
  }

  /** A room began, with a commit that is done: that is not held up, and if this fails, whoever joins next lists the room. */
  began(roomId: string): void {
    this.#list(roomId).catch(() => this.#listed.delete(roomId));
  }

  /** Those that have members, see `RoomLog.rooms`. */
  async withMembers(after: string, limit: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let from = after; ids.length < limit; ) {
      const found = await this.#after(from, limit);
      const all = await Promise.all(
        found.map(async (id) => ((await this.#look(id)) === 'members' ? id : '')),
      );
      ids.push(...all.filter((id) => id !== '').slice(0, limit - ids.length));
      from = found.at(-1) ?? '';
      if (found.length < limit) break;
    }
    return ids;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelSweep();
    this.#cancelAgain?.();
  }

  async #list(roomId: string): Promise<void> {
    try {
      await this.#add([roomId]);
      this.#listed.set(roomId, true);
    } catch (error) {
      if (!SignalError.from(error).retryable) throw error;
      this.#listLater(roomId);
    }
  }

  #listLater(roomId: string): void {
    this.#unlisted.add(roomId);
    this.#tryAgainLater();
  }

  #tryAgainLater(): void {
    if (this.#isClosed || this.#unlisted.size === 0) return;
    this.#cancelAgain ??= this.#options.clock.after(againMs, () => {
      void this.#tryAgain().finally(() => {
        this.#cancelAgain = undefined;
        this.#tryAgainLater();
      });
    });
  }

  async #tryAgain(): Promise<void> {
    const some = [...this.#unlisted].slice(0, listedAtOnce);
    try {
      await this.#add(some);
    } catch {
      return;
    }
    for (const roomId of some) {
      this.#unlisted.delete(roomId);
      this.#listed.set(roomId, true);
    }
  }

  #sweepLater(): void {
    if (this.#isClosed) return;
    this.#cancelSweep = this.#options.clock.after(sweepIntervalMs, () => {
      // What can't be reached is looked at another time.
      void this.#sweep()
        .catch(() => undefined)
        .finally(() => this.#sweepLater());
    });
  }

  /** Looks at some by chance, and at more for as long as many of them are gone. */
  async #sweep(): Promise<void> {
    for (let share = 1; share > shareToGoOn && !this.#isClosed; ) {
      const some = textsOf(await this.#options.redis.call(key, 'ZRANDMEMBER', key, swept));
      const found = await Promise.all(some.map((id) => this.#look(id)));
      share = found.filter((what) => what === 'gone').length / Math.max(found.length, 1);
    }
  }

  async #add(roomIds: readonly string[]): Promise<void> {
    await this.#options.redis.call(key, 'ZADD', key, ...roomIds.flatMap((roomId) => [0, roomId]));
  }

  async #after(after: string, limit: number): Promise<readonly string[]> {
    const from = after === '' ? '-' : `(${after}`;
    const { redis } = this.#options;
    return textsOf(await redis.call(key, 'ZRANGE', key, from, '+', 'BYLEX', 'LIMIT', 0, limit));
  }

  /** One that is gone is taken from the list. */
  async #look(roomId: string): Promise<'members' | 'empty' | 'gone'> {
    const { redis } = this.#options;
    const [state, members] = streamPlace(`room:${roomId}`).keys as unknown as [string, string];
    if (Number(await redis.call(members, 'HLEN', members)) > 0) return 'members';
    const isThere = async () => Number(await redis.call(state, 'EXISTS', state)) === 1;
    if (await isThere()) return 'empty';
    await redis.call(key, 'ZREM', key, roomId);
    // It may have begun anew between the two.
    if (!(await isThere())) return 'gone';
    await this.#add([roomId]);
    return 'empty';
  }
}
