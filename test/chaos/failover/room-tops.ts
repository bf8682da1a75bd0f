import { callRedis } from '../../redis/call-redis.ts';
import type { RedisServer } from '../../redis/redis-server.ts';

/** Offsets of the last entries, by room. */
export type RoomTops = ReadonlyMap<string, number>;

/** How far the log of each room goes on this server, be it a primary or a replica. In a cluster: of rooms that it has. */
export async function roomTops({ port }: RedisServer, rooms: readonly string[]): Promise<RoomTops> {
  const tops = await Promise.all(
    rooms.map(async (roomId) => {
      const top = await callRedis({ port, readOnly: true }, 'HGET', `room:{${roomId}}:state`, 'top');
      return [roomId, Number(top ?? 0)] as const;
    }),
  );
  return new Map(tops);
}

/** How many entries one server has that another has not, by room; rooms without any are left out. */
export function entriesMissing(has: RoomTops, lacks: RoomTops): RoomTops {
  const missing = [...has].map(([roomId, top]) => [roomId, top - (lacks.get(roomId) ?? 0)] as const);
  return new Map(missing.filter(([, entries]) => entries > 0));
}

export function totalOf(entries: RoomTops): number {
  return [...entries.values()].reduce((sum, count) => sum + count, 0);
}
