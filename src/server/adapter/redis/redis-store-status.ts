import type { Clock } from '../../../shared/clock.ts';
import type { Log } from '../../port/log.ts';
import type { StoreStatus } from '../../port/store-status.ts';
import { RedisFault } from './client/redis-fault.ts';

export interface RedisStoreStatusOptions {
  /** Whether Redis is reached. */
  readonly reached: StoreStatus;
  readonly clock: Clock;
  readonly log: Log;
}

/** Refusals that end sooner change nothing, in milliseconds: failovers and slots that move bring them too. */
const toleratedMs = 2_000;

/** Redis as a node may need it: it is reached, and takes the writes by which that is probed. */
export class RedisStoreStatus implements StoreStatus {
  readonly #options: RedisStoreStatusOptions;
  readonly #watchers = new Set<(isAvailable: boolean) => void>();
  #isAvailable: boolean;
  /** When the first of the probes in a row was sent that were refused, by the monotonic clock. */
  #refusedSinceMs: number | undefined;
  /** What it is refused with, as long as that counts. */
  readonly #words = new Set<string>();

  constructor(options: RedisStoreStatusOptions) {
    this.#options = options;
    this.#isAvailable = options.reached.isAvailable;
    // It ends with what it watches.
    options.reached.watch(() => this.#changed());
  }

  get isAvailable(): boolean {
    return this.#isAvailable;
  }

  get refusals(): ReadonlyMap<string, number> {
    return this.#options.reached.refusals;
  }

  watch(listener: (isAvailable: boolean) => void): { close(): void } {
    this.#watchers.add(listener);
    return { close: () => void this.#watchers.delete(listener) };
  }

  /** Makes a write that is made again and again, and takes its outcome for that of others. One that did not reach Redis tells nothing. */
  async probe<Result>(write: () => Promise<Result>): Promise<Result> {
    const sentMs = this.#options.clock.monotonicMs();
    try {
      const result = await write();
      this.#taken();
      return result;
    } catch (error) {
      const word = RedisFault.refusalIn(error);
      if (word !== undefined) this.#refused(word, sentMs);
      throw error;
    }
  }

  #taken(): void {
    this.#refusedSinceMs = undefined;
    if (this.#words.size === 0) return;
    this.#words.clear();
    this.#options.log.info('redis.takes_writes');
    this.#changed();
  }

  #refused(word: string, sentMs: number): void {
    const { clock, log } = this.#options;
    this.#refusedSinceMs ??= sentMs;
    if (clock.monotonicMs() - this.#refusedSinceMs < toleratedMs || this.#words.has(word)) return;
    this.#words.add(word);
    log.warn('redis.refuses_writes', { word });
    this.#changed();
  }

  #changed(): void {
    const isAvailable = this.#options.reached.isAvailable && this.#words.size === 0;
    if (isAvailable === this.#isAvailable) return;
    this.#isAvailable = isAvailable;
    for (const watcher of this.#watchers) watcher(isAvailable);
  }
}
