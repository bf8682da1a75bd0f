import { afterEach, describe, expect, test } from 'vitest';
import type {
  SessionNotice,
  SessionPolicy,
  SessionRef,
  SessionStore,
} from '../../src/server/port/session-store.ts';

/** A SessionStore under test; `advance` lets its time pass. */
export interface SessionStoreFixture {
  readonly store: SessionStore;
  readonly advance: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

const first: SessionRef = { userId: 'alice', sessionId: 's1' };
const second: SessionRef = { userId: 'alice', sessionId: 's2' };

/** What every SessionStore keeps, whatever holds it. */
export function sessionStoreContract(name: string, make: () => Promise<SessionStoreFixture>): void {
  describe(`SessionStore: ${name}`, () => {
    const fixtures: SessionStoreFixture[] = [];
    const start = async (): Promise<SessionStoreFixture> => {
      const fixture = await make();
      fixtures.push(fixture);
      return fixture;
    };
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture.close();
    });
    const open = (store: SessionStore, ref: SessionRef, policy: SessionPolicy = 'multiple') =>
      store.open({ ...ref, secretHash: `hash of ${ref.sessionId}`, node: 'a', policy });
    const attach = (store: SessionStore, ref: SessionRef, node = 'b') =>
      store.attach(ref, `hash of ${ref.sessionId}`, node);

    test('a session opens with gen 1 and each attach raises it', async () => {
      const { store } = await start();
      expect(await open(store, first)).toEqual({ outcome: 'opened', gen: 1, replaced: [] });
      expect(await attach(store, first)).toMatchObject({
        outcome: 'attached',
        record: { gen: 2, node: 'b' },
      });
      expect(await attach(store, first, 'a')).toMatchObject({
        outcome: 'attached',
        record: { gen: 3, node: 'a' },
      });
    });

    test('attach needs the secret, the user and a session that has not ended', async () => {
      const { store } = await start();
      await open(store, first);
      expect(await store.attach(first, 'another hash', 'b')).toEqual({ outcome: 'refused' });
      expect(await attach(store, { userId: 'mallory', sessionId: 's1' })).toEqual({ outcome: 'refused' });
      expect(await attach(store, second)).toEqual({ outcome: 'refused' });
      await store.end(first, 1, 'signed-out');
      expect(await attach(store, first)).toEqual({ outcome: 'refused' });
    });

    test('S3: the policies keep, replace and refuse', async () => {
      const { store } = await start();
      await open(store, first);
      await store.addRoom(first, 1, 'daily', 'peer');
      expect(await open(store, second, 'refuse')).toEqual({ outcome: 'refused' });
      expect(await open(store, second)).toMatchObject({ outcome: 'opened', replaced: [] });
      const third = await open(store, { userId: 'alice', sessionId: 's3' }, 'replace');
      expect(third.outcome === 'opened' && third.replaced.map(({ sessionId }) => sessionId)).toEqual([
        's1',
        's2',
      ]);
      expect(third.outcome === 'opened' && [...(third.replaced[0]?.rooms ?? [])]).toEqual([
        ['daily', 'peer'],
      ]);
      expect((await store.sessions('alice')).map(({ sessionId }) => sessionId)).toEqual(['s3']);
      expect(await attach(store, first)).toEqual({ outcome: 'refused' });
      expect(await open(store, { userId: 'bob', sessionId: 's4' }, 'refuse')).toMatchObject({
        outcome: 'opened',
      });
    });

    test('a detached session ends only past its deadline, and not after it was attached again', async () => {
      const { store, advance } = await start();
      await open(store, first);
      expect(await store.detach(first, 1, 5_000)).toBe(true);
      await advance(4_000);
      expect(await store.due(10)).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      await attach(store, first);
      await advance(2_000);
      expect(await store.due(10)).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      expect(await store.detach(first, 2, 1_000)).toBe(true);
      await advance(1_500);
      expect((await store.due(10)).map(({ sessionId, gen }) => [sessionId, gen])).toEqual([['s1', 2]]);
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', gen: 2 });
      expect(await store.end(first, 2, 'lost')).toBeUndefined();
    });

    test("a gen that is no longer the session's may neither detach, end nor add a room", async () => {
      const { store } = await start();
      await open(store, first);
      await attach(store, first);
      expect(await store.detach(first, 1, 0)).toBe(false);
      expect(await store.addRoom(first, 1, 'daily', 'peer')).toBe(false);
      expect(await store.end(first, 1, 'signed-out')).toBeUndefined();
      expect(await store.addRoom(first, 2, 'daily', 'peer')).toBe(true);
    });

    test('the record lists the rooms that were added and not removed', async () => {
      const { store } = await start();
      await open(store, first);
      await store.addRoom(first, 1, 'daily', 'peer-1');
      await store.addRoom(first, 1, 'weekly', 'peer-2');
      await store.removeRoom(first, 2, 'weekly');
      await store.removeRoom(first, 1, 'daily');
      const attached = await attach(store, first);
      expect(attached.outcome === 'attached' && [...attached.record.rooms]).toEqual([['weekly', 'peer-2']]);
    });

    test('an ended session stays due until it is forgotten', async () => {
      const { store } = await start();
      await open(store, first);
      await store.addRoom(first, 1, 'daily', 'peer');
      await store.end(first, 1, 'signed-out');
      expect((await store.due(10)).map(({ sessionId, ended }) => [sessionId, ended])).toEqual([
        ['s1', 'signed-out'],
      ]);
      await store.forget(first);
      expect(await store.due(10)).toEqual([]);
      expect(await store.sessions('alice')).toEqual([]);
    });

    test('S3: the node that had a session is told when it is taken or replaced', async () => {
      const { store } = await start();
      const notices: SessionNotice[] = [];
      const watching = await store.watch('a', (notice) => notices.push(notice));
      await open(store, first);
      await attach(store, first, 'b');
      await open(store, second);
      await open(store, { userId: 'alice', sessionId: 's3' }, 'replace');
      await expect.poll(() => notices.length).toBe(2);
      expect(notices).toEqual([
        { kind: 'taken', ref: first, gen: 2 },
        { kind: 'ended', ref: second, why: 'replaced' },
      ]);
      watching.close();
    });
  });
}
