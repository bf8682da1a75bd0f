// Preloaded into the server: whoever comes back gets the last of what was missed, as if it were all.
import type * as Memory from '../../../src/server/adapter/memory/memory-room-log.ts';
import type * as Redis from '../../../src/server/adapter/redis/stream/redis-room-log.ts';
import type { RoomLog } from '../../../src/server/port/room-log.ts';
import { builtModule } from './built-module.ts';

const { MemoryRoomLog } = await builtModule<typeof Memory>('server/adapter/memory/memory-room-log.ts');
const { RedisRoomLog } = await builtModule<typeof Redis>('server/adapter/redis/stream/redis-room-log.ts');
for (const { prototype } of [MemoryRoomLog, RedisRoomLog]) {
  const whole = Object.getOwnPropertyDescriptor(prototype, 'read')?.value as RoomLog['read'];
  prototype.read = async function (stream, after) {
    const missed = await whole.call(this, stream, after, Number.MAX_SAFE_INTEGER);
    return missed.good ? { ...missed, entries: missed.entries.slice(-1) } : missed;
  };
}
