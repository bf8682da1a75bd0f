import type { PresenceView } from '../../port/presence-view.ts';
import type { Redis } from './client/redis.ts';

export interface RedisPresenceViewOptions {
  readonly redis: Redis;
  /** What a key holds: the node that the user is connected to. */
  readonly node: string;
  /** How long a key lives, in milliseconds. */
  readonly ttlMs: number;
}

/** `presence:{roomId}:{userId}`, with its braces, in the slot of the room. */
export class RedisPresenceView implements PresenceView {
  readonly #options: RedisPresenceViewOptions;

  constructor(options: RedisPresenceViewOptions) {
    this.#options = options;
  }

  renew(roomId: string, userId: string): void {
    const { redis, node, ttlMs } = this.#options;
    const key = `presence:{${roomId}}:{${userId}}`;
    // Nobody waits for it, and the next heartbeat says it again.
    redis.call(key, 'SET', key, node, 'PX', ttlMs).catch(() => undefined);
  }
}
