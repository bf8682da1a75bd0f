import { MemorySessionStore } from '../../src/server/adapter/memory/memory-session-store.ts';
import { FakeClock } from './fake-clock.ts';
import { sessionStoreContract } from './session-store.contract.ts';

sessionStoreContract('memory', () => {
  const clock = new FakeClock();
  const endedKeepMs = 60_000;
  return Promise.resolve({
    store: new MemorySessionStore({ clock, endedKeepMs }),
    endedKeepMs,
    advance: (ms: number) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
});
