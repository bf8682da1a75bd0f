import type { RoomRecord } from '../../../gen/parley/directory/v1/directory_pb.ts';

/** A cached answer to "what is this room?": its record, or that there is none. */
export interface CachedRecord {
  readonly record: RoomRecord | undefined;
  /** Past its time: good only while the Directory is away. */
  readonly stale: boolean;
}

/**
 * Records of rooms, kept for a time (`room:{roomId}`). A cache may lose anything at any time; it never invents. Calls reject
 * with `SignalError` UNAVAILABLE when the store can't be reached.
 */
export interface RoomRecordCache {
  get(roomId: string): Promise<CachedRecord | undefined>;
  /** Fresh for `ttlMs`, then stale for `staleMs`, then forgotten. */
  put(roomId: string, record: RoomRecord | undefined, ttlMs: number, staleMs: number): Promise<void>;
}
