import { MemoryRoomLog } from '../../src/server/adapter/memory/memory-room-log.ts';
import { FakeClock } from './fake-clock.ts';
import { roomLogContract } from './room-log.contract.ts';

roomLogContract('memory', () => {
  const clock = new FakeClock();
  const maxBytes = 10_000;
  const log = new MemoryRoomLog({ clock, keepMs: 10_000, maxBytes, emptyGraceMs: 1_000 });
  return Promise.resolve({
    log,
    maxBytes,
    advance: (ms: number) => clock.advance(ms),
    close: () => {
      log.close();
      if (clock.pending > 0) throw new Error(`${clock.pending} timers left`);
      return Promise.resolve();
    },
  });
});
