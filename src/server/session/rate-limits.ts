import { type Rate, TokenBucket } from './token-bucket.ts';

export interface RateLimitsOptions {
  /** In tokens: a frame costs one, and one more for each whole KiB of it. */
  readonly connection: Rate;
  /** In bytes of frames that go into a room's log. */
  readonly room: Rate;
}

/** Rooms that are remembered before the first look for those that are quiet. */
const fewRooms = 1_024;

/** How much the connections and the rooms of a node may send. */
export class RateLimits {
  readonly connection: Rate;
  readonly room: Rate;
  readonly #rooms = new Map<string, TokenBucket>();
  #sweepAt = fewRooms;

  constructor({ connection, room }: RateLimitsOptions) {
    this.connection = connection;
    this.room = room;
  }

  /** How many rooms are remembered. */
  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Takes a frame's bytes from what its room may send on this node. Returns how long until they are there, in milliseconds;
   * 0: they were taken.
   */
  takeOfRoom(roomId: string, bytes: number, nowMs: number): number {
    let bucket = this.#rooms.get(roomId);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.room, nowMs);
      this.#sweep(nowMs);
      this.#rooms.set(roomId, bucket);
    }
    return bucket.take(bytes, nowMs) ? 0 : Math.max(1, bucket.waitMs(bytes, nowMs));
  }

  /** Forgets the rooms whose buckets are full, as new ones are: at each doubling, so that it costs a room next to nothing. */
  #sweep(nowMs: number): void {
    if (this.#rooms.size < this.#sweepAt) return;
    for (const [roomId, bucket] of this.#rooms) if (bucket.isFull(nowMs)) this.#rooms.delete(roomId);
    this.#sweepAt = Math.max(fewRooms, this.#rooms.size * 2);
  }
}

/**
 * What a room may send, so that its log reaches back for as long as it is kept: half of its bytes at once, the other half
 * over that time. `perSecond` in its stead is for those who would rather have traffic than reach.
 */
export function roomRate(logMaxBytes: number, keepMs: number, perSecond?: number): Rate {
  const burst = logMaxBytes / 2;
  return { perSecond: perSecond ?? burst / (keepMs / 1_000), burst };
}
