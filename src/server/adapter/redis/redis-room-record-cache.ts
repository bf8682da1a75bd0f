import { fromJson, type JsonValue, toJsonString } from '@bufbuild/protobuf';
import { type RoomRecord, RoomRecordSchema } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import type { CachedRecord, RoomRecordCache } from '../../port/room-record-cache.ts';
import type { Redis } from './client/redis.ts';
import { textsOf } from './client/redis-reply.ts';
import { RedisScript } from './client/redis-script.ts';

const getScript = RedisScript.load(import.meta.url, 'room-cache-get.lua');
const putScript = RedisScript.load(import.meta.url, 'room-cache-put.lua');

/** What stands in Redis, for operators to read: a record as ProtoJSON, or that there is no such room. */
interface CachedJson {
  /** By the TIME of the server that has it, in milliseconds since 1970. */
  readonly freshUntilMs: number;
  readonly record?: JsonValue;
  readonly noSuchRoom?: true;
}

/** The cache of all nodes, `room:{roomId}`. */
export class RedisRoomRecordCache implements RoomRecordCache {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async get(roomId: string): Promise<CachedRecord | undefined> {
    const [text, nowMs] = textsOf(await this.#redis.run(getScript, [keyOf(roomId)], []));
    return text === undefined ? undefined : cachedRecord(text, Number(nowMs));
  }

  async put(roomId: string, record: RoomRecord | undefined, ttlMs: number, staleMs: number): Promise<void> {
    const json = record === undefined ? '' : toJsonString(RoomRecordSchema, record);
    await this.#redis.run(putScript, [keyOf(roomId)], [json, Math.round(ttlMs), Math.round(staleMs)]);
  }
}

/** Undefined: it is none, as where an operator wrote it, and the room is asked for anew. */
function cachedRecord(text: string, nowMs: number): CachedRecord | undefined {
  try {
    const { freshUntilMs, record, noSuchRoom } = JSON.parse(text) as CachedJson;
    if (record === undefined && noSuchRoom !== true) return undefined;
    return {
      // A newer node may have written fields that this one does not know.
      record:
        record === undefined ? undefined : fromJson(RoomRecordSchema, record, { ignoreUnknownFields: true }),
      stale: !(nowMs < freshUntilMs),
    };
  } catch {
    return undefined;
  }
}

function keyOf(roomId: string): string {
  return `room:{${roomId}}`;
}
