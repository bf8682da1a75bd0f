import { MemorySessionStore } from '../../src/server/adapter/memory/memory-session-store.ts';
import type { SessionStore } from '../../src/server/port/session-store.ts';
import { FakeClock } from './fake-clock.ts';
import { type SessionStoreFixture, sessionStoreContract } from './session-store.contract.ts';
import { slowSessionStore } from './slow-session-store.ts';

sessionStoreContract('memory', () => fixture((store) => store));
sessionStoreContract('memory, far away', () => fixture((store) => slowSessionStore(store, 1)));

function fixture(behind: (store: SessionStore) => SessionStore): Promise<SessionStoreFixture> {
  const clock = new FakeClock();
  const endedKeepMs = 60_000;
  return Promise.resolve({
    store: behind(new MemorySessionStore({ clock, endedKeepMs })),
    windowMs: 2_000,
    endedKeepMs,
    slackMs: 1,
    lateMs: 1,
    advance: (ms: number) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
}
