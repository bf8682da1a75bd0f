// Preloaded into the server: whoever comes back gets the last of what was missed, as if it were all.
import type * as Module from '../../../src/server/adapter/memory/memory-room-log.ts';
import type { RoomLog } from '../../../src/server/port/room-log.ts';
import { builtModule } from './built-module.ts';

const { MemoryRoomLog } = await builtModule<typeof Module>('server/adapter/memory/memory-room-log.ts');
const whole = Object.getOwnPropertyDescriptor(MemoryRoomLog.prototype, 'read')?.value as RoomLog['read'];
MemoryRoomLog.prototype.read = async function (stream, after) {
  const missed = await whole.call(this, stream, after, Number.MAX_SAFE_INTEGER);
  return missed.good ? { ...missed, entries: missed.entries.slice(-1) } : missed;
};
