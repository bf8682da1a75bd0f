import { LRUCache } from 'lru-cache';
import type { RoomRecord } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { Clock } from '../../../shared/clock.ts';
import { SignalError } from '../../../shared/signal-error.ts';
import type { Directory, JoinDecision, UserProfile } from '../../port/directory.ts';
import type { Log } from '../../port/log.ts';
import type { CachedRecord, RoomRecordCache } from '../../port/room-record-cache.ts';

export interface ReadThroughDirectoryOptions {
  readonly directory: Directory;
  readonly cache: RoomRecordCache;
  readonly log: Log;
  /** How long a record is good without asking again, in milliseconds. */
  readonly ttlMs: number;
  /** How long after that it is still good while the Directory is away, in milliseconds. */
  readonly staleMs: number;
  /** How long what was said of a user is good without asking again, in milliseconds. */
  readonly userTtlMs: number;
  /** Of how many users it is kept at most; the least recently asked for go first. */
  readonly maxUsers: number;
  readonly clock: Clock;
  /** How long "there is no such room" is good without asking again, in milliseconds. */
  readonly notFoundTtlMs: number;
}

/**
 * A Directory with caches of rooms and users before it. Whoever asks for one while somebody of this node does, shares that
 * answer. A failing cache costs calls, never an answer.
 */
export class ReadThroughDirectory implements Directory {
  readonly #options: ReadThroughDirectoryOptions;
  readonly #underway = new Map<string, Promise<RoomRecord | undefined>>();
  readonly #users: LRUCache<string, { readonly profile: UserProfile | undefined }>;

  constructor(options: ReadThroughDirectoryOptions) {
    this.#options = options;
    const { directory, userTtlMs, maxUsers, clock } = options;
    this.#users = new LRUCache({
      max: maxUsers,
      ttl: userTtlMs,
      perf: { now: () => clock.monotonicMs() },
      ttlResolution: 0,
      fetchMethod: async (userId) => ({ profile: await directory.getUser(userId) }),
    });
  }

  getRoom(roomId: string): Promise<RoomRecord | undefined> {
    const underway = this.#underway.get(roomId);
    if (underway !== undefined) return underway;
    const started = this.#read(roomId).finally(() => this.#underway.delete(roomId));
    this.#underway.set(roomId, started);
    return started;
  }

  authorizeJoin(roomId: string, userId: string): Promise<JoinDecision> {
    return this.#options.directory.authorizeJoin(roomId, userId);
  }

  async getUser(userId: string): Promise<UserProfile | undefined> {
    return (await this.#users.fetch(userId))?.profile;
  }

  async #read(roomId: string): Promise<RoomRecord | undefined> {
    const cached = await this.#cached(roomId);
    if (cached !== undefined && !cached.stale) return cached.record;
    try {
      const record = await this.#options.directory.getRoom(roomId);
      await this.#keep(roomId, record);
      return record;
    } catch (error) {
      if (cached?.record === undefined) throw error;
      this.#options.log.warn('directory.stale_record', { room: roomId });
      return cached.record;
    }
  }

  async #cached(roomId: string): Promise<CachedRecord | undefined> {
    try {
      return await this.#options.cache.get(roomId);
    } catch (error) {
      this.#warnOfCache(error);
      return undefined;
    }
  }

  async #keep(roomId: string, record: RoomRecord | undefined): Promise<void> {
    const { cache, ttlMs, staleMs, notFoundTtlMs } = this.#options;
    try {
      if (record === undefined) await cache.put(roomId, undefined, notFoundTtlMs, 0);
      else await cache.put(roomId, record, ttlMs, staleMs);
    } catch (error) {
      this.#warnOfCache(error);
    }
  }

  #warnOfCache(error: unknown): void {
    this.#options.log.warn('directory.cache_failed', { code: SignalError.from(error).codeName });
  }
}
