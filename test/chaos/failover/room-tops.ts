import { callRedis } from '../../redis/call-redis.ts';
import type { RedisServer } from '../../redis/redis-server.ts';

/** Offsets of the last entries, by room. */
export type RoomTops = ReadonlyMap<string, number>;

/** How far the log of each room goes on this server, be it a primary or a replica. In a cluster: of rooms that it has. */
export async function roomTops(server: RedisServer, rooms: readonly string[]): Promise<RoomTops> {
  const tops = await Promise.all(
    rooms.map(async (roomId) => [roomId, await roomTop(server, roomId)] as const),
  );
  return new Map(tops);
}

/** The same of one room. `isAsking`: in a cluster also of one whose keys it has and whose slot is on its way to it. */
export async function roomTop({ port }: RedisServer, roomId: string, isAsking = false): Promise<number> {
  const asked = { port, readOnly: true, isAsking };
  return Number((await callRedis(asked, 'HGET', `room:{${roomId}}:state`, 'top')) ?? 0);
}

/** How many entries one server has that another has not, by room; rooms without any are left out. */
export function entriesMissing(has: RoomTops, lacks: RoomTops): RoomTops {
  const missing = [...has].map(([roomId, top]) => [roomId, top - (lacks.get(roomId) ?? 0)] as const);
  return new Map(missing.filter(([, entries]) => entries > 0));
}

export function totalOf(entries: RoomTops): number {
  return [...entries.values()].reduce((sum, count) => sum + count, 0);
}
