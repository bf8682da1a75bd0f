import { MemoryRoomRecordCache } from '../../src/server/adapter/memory/memory-room-record-cache.ts';
import { FakeClock } from './fake-clock.ts';
import { roomRecordCacheContract } from './room-record-cache.contract.ts';

roomRecordCacheContract('memory', () => {
  const clock = new FakeClock();
  return Promise.resolve({
    cache: new MemoryRoomRecordCache({ clock, maxRecords: 100 }),
    ttlMs: 60_000,
    staleMs: 60_000,
    advance: (ms: number) => clock.advance(ms),
    close: () => {
      if (clock.pending > 0) throw new Error(`${clock.pending} timers left`);
      return Promise.resolve();
    },
  });
});
