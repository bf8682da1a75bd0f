import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { LRUCache } from 'lru-cache';
import { type RoomRecord, RoomRecordSchema } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { Clock } from '../../../shared/clock.ts';
import type { CachedRecord, RoomRecordCache } from '../../port/room-record-cache.ts';

export interface MemoryRoomRecordCacheOptions {
  readonly clock: Clock;
  /** How many answers it keeps at most; the least recently used go first. */
  readonly maxRecords: number;
}

interface Slot {
  /** Encoded, so that no reader can change what the next one gets. Undefined: there is no such room. */
  readonly record: Uint8Array<ArrayBuffer> | undefined;
  /** By the monotonic clock. */
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

/** The cache of a single node, gone with its process. */
export class MemoryRoomRecordCache implements RoomRecordCache {
  readonly #clock: Clock;
  readonly #slots: LRUCache<string, Slot>;

  constructor(options: MemoryRoomRecordCacheOptions) {
    this.#clock = options.clock;
    this.#slots = new LRUCache({ max: options.maxRecords });
  }

  get(roomId: string): Promise<CachedRecord | undefined> {
    const slot = this.#slots.get(roomId);
    const nowMs = this.#clock.monotonicMs();
    if (slot === undefined || nowMs >= slot.staleUntilMs) {
      this.#slots.delete(roomId);
      return Promise.resolve(undefined);
    }
    return Promise.resolve({
      record: slot.record && fromBinary(RoomRecordSchema, slot.record),
      stale: nowMs >= slot.freshUntilMs,
    });
  }

  put(roomId: string, record: RoomRecord | undefined, ttlMs: number, staleMs: number): Promise<void> {
    const freshUntilMs = this.#clock.monotonicMs() + ttlMs;
    this.#slots.set(roomId, {
      record: record && toBinary(RoomRecordSchema, record),
      freshUntilMs,
      staleUntilMs: freshUntilMs + staleMs,
    });
    return Promise.resolve();
  }
}
