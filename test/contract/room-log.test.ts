import { afterAll } from 'vitest';
import { MemoryRoomLog } from '../../src/server/adapter/memory/memory-room-log.ts';
import type { RoomLog } from '../../src/server/port/room-log.ts';
import { FakeClock } from './fake-clock.ts';
import { type RoomLogFixture, roomLogContract } from './room-log.contract.ts';
import { UnsteadyRoomLog } from './unsteady-room-log.ts';

roomLogContract('memory', () => fixture((log) => log));

for (const seed of [1, 2, 3, 4, 5]) {
  roomLogContract(`memory behind a bad network, seed ${seed}`, () =>
    fixture((log) => {
      const unsteady = new UnsteadyRoomLog(log, seed);
      networks.push(unsteady);
      return unsteady;
    }),
  );
}

const networks: UnsteadyRoomLog[] = [];
afterAll(() => {
  const cuts = networks.reduce((sum, { cuts: own }) => sum + own, 0);
  if (cuts < 100) throw new Error(`the network broke only ${cuts} times: nothing was proven of that`);
});

function fixture(behind: (log: RoomLog) => RoomLog): Promise<RoomLogFixture> {
  const clock = new FakeClock();
  const maxBytes = 10_000;
  const keepMs = 10_000;
  const log = new MemoryRoomLog({ clock, keepMs, maxBytes, emptyGraceMs: 1_000 });
  return Promise.resolve({
    log: behind(log),
    maxBytes,
    keepMs,
    advance: (ms: number) => clock.advance(ms),
    close: () => {
      log.close();
      if (clock.pending > 0) throw new Error(`${clock.pending} timers left`);
      return Promise.resolve();
    },
  });
}
