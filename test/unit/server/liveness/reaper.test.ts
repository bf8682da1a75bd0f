import { expect, test } from 'vitest';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { Reaper } from '../../../../src/server/liveness/reaper.ts';
import { RoomLeaver } from '../../../../src/server/liveness/room-leaver.ts';
import type { EndReason, SessionRecord, SessionRef } from '../../../../src/server/port/session-store.ts';
import type { StoreStatus } from '../../../../src/server/port/store-status.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

/** A store that can refuse what it is asked, as a whole or for some, or be unable to look at some. */
class RemoteSessionStore extends MemorySessionStore {
  isRefusing = false;
  readonly unreachable = new Set<string>();
  readonly unseen = new Set<string>();

  override end(ref: SessionRef, gen: number, reason: EndReason): Promise<SessionRecord | undefined> {
    if (this.unreachable.has(ref.sessionId)) return Promise.reject(onPurpose());
    return super.end(ref, gen, reason);
  }

  override async due(node: string, limit: number): Promise<readonly SessionRecord[]> {
    if (this.isRefusing) throw onPurpose();
    return (await super.due(node, limit)).filter(({ sessionId }) => !this.unseen.has(sessionId));
  }
}

class FakeStatus implements StoreStatus {
  isAvailable = true;
  readonly refusals = new Map<string, number>();
  readonly watchers = new Set<(isAvailable: boolean) => void>();

  watch(listener: (isAvailable: boolean) => void) {
    this.watchers.add(listener);
    return { close: () => void this.watchers.delete(listener) };
  }

  become(isAvailable: boolean): void {
    this.isAvailable = isAvailable;
    for (const watcher of this.watchers) watcher(isAvailable);
  }
}

const onPurpose = () => new SignalError(ErrorCode.UNAVAILABLE, 'on purpose');

async function setUp({ windowMs = 1_000 } = {}) {
  const clock = new FakeClock();
  const store = new RemoteSessionStore({ clock, endedKeepMs: 60_000 });
  const roomLog = new MemoryRoomLog({ clock, keepMs: 60_000, maxBytes: 10_000, emptyGraceMs: 0 });
  const leaver = new RoomLeaver(roomLog, store, quietLog);
  const status = new FakeStatus();
  const reaper = new Reaper({
    store,
    status,
    node: 'a',
    leaver,
    clock,
    log: quietLog,
    intervalMs: 250,
    graceMs: 5_000,
  });
  const ref = { userId: 'ada', sessionId: 's1' };
  await store.open({ ...ref, secretHash: 'hash', node: 'a', windowMs, policy: 'multiple' });
  reaper.start();
  const left = async () => (await store.sessions('ada')).length;
  return { clock, store, status, reaper, ref, left };
}

test('R3: a session ends soon after its window', async () => {
  const { clock, store, reaper, ref, left } = await setUp();
  await store.detach(ref, 1, 1_000);
  await clock.advance(900);
  expect(await left()).toBe(1);
  await clock.advance(400);
  expect(await left()).toBe(0);
  reaper.stop();
  expect(clock.pending).toBe(0);
});

test('N4: a session whose window ran out while the store was away may come back for some time when the store does', async () => {
  const { clock, store, status, reaper, ref, left } = await setUp();
  await store.detach(ref, 1, 1_000);
  store.isRefusing = true;
  status.become(false);
  await clock.advance(3_000);
  status.become(true);
  store.isRefusing = false;
  await clock.advance(4_900);
  expect(await left()).toBe(1);
  await clock.advance(700);
  expect(await left()).toBe(0);
  reaper.stop();
  expect(status.watchers.size).toBe(0);
});

test('N4: a session with a long window that ran out while the store was away has all of it once more', async () => {
  const { clock, store, status, reaper, ref, left } = await setUp({ windowMs: 30_000 });
  await store.detach(ref, 1, 30_000);
  status.become(false);
  await clock.advance(31_000);
  status.become(true);
  await clock.advance(29_900);
  expect(await left()).toBe(1);
  await clock.advance(700);
  expect(await left()).toBe(0);
  reaper.stop();
});

test('N4: a session whose window ran out while its part of the store alone was away may come back for some time too', async () => {
  const { clock, store, status, reaper, ref, left } = await setUp();
  await store.detach(ref, 1, 1_000);
  store.unseen.add(ref.sessionId);
  status.become(false);
  await clock.advance(3_000);
  store.unseen.clear();
  status.become(true);
  await clock.advance(4_900);
  expect(await left()).toBe(1);
  await clock.advance(700);
  expect(await left()).toBe(0);
  reaper.stop();
});

test('N4: while a part of the store is away no session ends because its window ran out', async () => {
  const { clock, store, status, reaper, ref, left } = await setUp();
  await store.detach(ref, 1, 1_000);
  status.become(false);
  await clock.advance(60_000);
  expect(await left()).toBe(1);
  status.become(true);
  await clock.advance(5_300);
  expect(await left()).toBe(0);
  reaper.stop();
});

test('N4: a session whose window ran out while the store was there and refused may come back for some time', async () => {
  const { clock, store, reaper, ref, left } = await setUp();
  await store.detach(ref, 1, 1_000);
  store.isRefusing = true;
  await clock.advance(3_000);
  store.isRefusing = false;
  await clock.advance(4_900);
  expect(await left()).toBe(1);
  await clock.advance(700);
  expect(await left()).toBe(0);
  reaper.stop();
});

test('what has ended is finished without that time', async () => {
  const { clock, store, status, reaper, ref } = await setUp();
  store.isRefusing = true;
  status.become(false);
  await clock.advance(1_000);
  await store.end(ref, 1, 'kicked');
  store.isRefusing = false;
  status.become(true);
  await clock.advance(600);
  expect(await store.due('a', 10)).toEqual([]);
  reaper.stop();
});

test('N3: however many are due at once, and however many of them can not be ended, the others end', async () => {
  const { clock, store, reaper } = await setUp();
  const refs = Array.from({ length: 1_700 }, (_, i) => ({ userId: `user-${i}`, sessionId: `due-${i}` }));
  for (const ref of refs) {
    await store.open({ ...ref, secretHash: 'hash', node: 'a', windowMs: 100, policy: 'multiple' });
    await store.detach(ref, 1, 100);
  }
  for (const { sessionId } of refs.slice(0, 700)) store.unreachable.add(sessionId);
  await clock.advance(1_000);
  expect((await store.due('a', 2_000)).map(({ sessionId }) => sessionId)).toEqual(
    refs.slice(0, 700).map(({ sessionId }) => sessionId),
  );
  store.unreachable.clear();
  await clock.advance(5_000);
  expect(await store.due('a', 2_000)).toEqual([]);
  reaper.stop();
});
