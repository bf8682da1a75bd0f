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
  /** How long it tells of a forgotten session's end. */
  readonly endedKeepMs: number;
  /** How exactly it keeps time. */
  readonly slackMs: number;
  readonly advance: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

const windowMs = 2_000;
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
      store.open({ ...ref, secretHash: `hash of ${ref.sessionId}`, node: 'a', windowMs, policy });
    const attach = (store: SessionStore, ref: SessionRef, node = 'b', attempt = 0) =>
      store.attach({ ...ref, secretHash: `hash of ${ref.sessionId}`, node, windowMs, attempt });
    const addRoom = (store: SessionStore, gen: number, roomId: string, join = `${roomId}:1`) =>
      store.addRoom(first, gen, roomId, { peerId: 'peer', join });

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

    test('a session that is opened again, since its answer was lost, is not refused by itself and replaces nothing', async () => {
      const { store } = await start();
      await open(store, first, 'refuse');
      expect(await open(store, first, 'refuse')).toEqual({ outcome: 'opened', gen: 1, replaced: [] });
      await open(store, second, 'replace');
      expect(await open(store, second, 'replace')).toEqual({ outcome: 'opened', gen: 1, replaced: [] });
      expect((await store.sessions('alice')).map(({ sessionId }) => sessionId)).toEqual(['s2']);
    });

    test('attach needs the secret and the user', async () => {
      const { store } = await start();
      await open(store, first);
      const wrong = { ...first, secretHash: 'another hash', node: 'b', windowMs, attempt: 0 };
      expect(await store.attach(wrong)).toEqual({ outcome: 'unknown' });
      expect(await attach(store, { userId: 'mallory', sessionId: 's1' })).toEqual({ outcome: 'unknown' });
      expect(await attach(store, second)).toEqual({ outcome: 'unknown' });
      await store.end(first, 1, 'kicked');
      expect(await store.attach(wrong)).toEqual({ outcome: 'unknown' });
    });

    test('an ended session can not be attached, and says why for as long as a client may come back', async () => {
      const { store, advance, endedKeepMs, slackMs } = await start();
      await open(store, first);
      await store.end(first, 1, 'kicked');
      const ended = { outcome: 'ended', why: 'kicked' };
      expect(await attach(store, first)).toEqual(ended);
      await store.forget(first);
      expect(await attach(store, first)).toEqual(ended);
      await advance(endedKeepMs - slackMs);
      await store.due('a', 10);
      expect(await attach(store, first)).toEqual(ended);
      await advance(2 * slackMs);
      await store.due('a', 10);
      expect(await attach(store, first)).toEqual({ outcome: 'unknown' });
    });

    test('S3: a connection that was opened before the one that is attached takes nothing over', async () => {
      const { store } = await start();
      await open(store, first);
      expect(await attach(store, first, 'b', 2)).toMatchObject({ outcome: 'attached', record: { gen: 2 } });
      expect(await attach(store, first, 'c', 1)).toEqual({ outcome: 'overtaken' });
      expect(await attach(store, first, 'b', 2)).toMatchObject({ outcome: 'attached', record: { gen: 3 } });
      expect(await attach(store, first, 'b', 3)).toMatchObject({ outcome: 'attached', record: { gen: 4 } });
      expect(await attach(store, first)).toMatchObject({ outcome: 'attached', record: { gen: 5 } });
      expect(await attach(store, first, 'c', 2)).toEqual({ outcome: 'overtaken' });
    });

    test('S3: the policies keep, replace and refuse', async () => {
      const { store } = await start();
      await open(store, first);
      await addRoom(store, 1, 'daily');
      expect(await open(store, second, 'refuse')).toEqual({ outcome: 'refused' });
      expect(await open(store, second)).toMatchObject({ outcome: 'opened', replaced: [] });
      const third = await open(store, { userId: 'alice', sessionId: 's3' }, 'replace');
      expect(third.outcome === 'opened' && third.replaced.map(({ sessionId }) => sessionId)).toEqual([
        's1',
        's2',
      ]);
      expect(third.outcome === 'opened' && [...(third.replaced[0]?.rooms ?? [])]).toEqual([
        ['daily', { peerId: 'peer', join: 'daily:1' }],
      ]);
      expect((await store.sessions('alice')).map(({ sessionId }) => sessionId)).toEqual(['s3']);
      expect(await attach(store, first)).toEqual({ outcome: 'ended', why: 'replaced' });
      expect(await open(store, { userId: 'bob', sessionId: 's4' }, 'refuse')).toMatchObject({
        outcome: 'opened',
      });
    });

    test('a detached session ends only past its deadline, and not after it was attached again', async () => {
      const { store, advance } = await start();
      await open(store, first);
      expect(await store.detach(first, 1, 5_000)).toBe(true);
      await advance(4_000);
      expect(await store.due('a', 10)).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      await attach(store, first);
      await advance(2_000);
      expect(await store.due('a', 10)).toEqual([]);
      expect(await store.due('b', 10)).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      expect(await store.detach(first, 2, 1_000)).toBe(true);
      await advance(1_500);
      expect(await store.due('a', 10)).toEqual([]);
      expect((await store.due('b', 10)).map(({ sessionId, gen }) => [sessionId, gen])).toEqual([['s1', 2]]);
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', gen: 2, ended: 'lost' });
      // As one does whose answer was lost.
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', gen: 2, ended: 'lost' });
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
    });

    test("a gen that is no longer the session's may neither detach, end nor add a room", async () => {
      const { store } = await start();
      await open(store, first);
      await attach(store, first);
      expect(await store.detach(first, 1, 0)).toBe(false);
      expect(await addRoom(store, 1, 'daily')).toBe(false);
      expect(await store.end(first, 1, 'signed-out')).toBeUndefined();
      expect(await addRoom(store, 2, 'daily')).toBe(true);
    });

    test('the record lists the rooms that were added and not removed', async () => {
      const { store } = await start();
      await open(store, first);
      await addRoom(store, 1, 'daily');
      await addRoom(store, 1, 'weekly');
      await store.removeRoom(first, 2, 'weekly', 'weekly:1');
      await store.removeRoom(first, 1, 'daily', 'daily:1');
      const attached = await attach(store, first);
      expect(attached.outcome === 'attached' && [...attached.record.rooms]).toEqual([
        ['weekly', { peerId: 'peer', join: 'weekly:1' }],
      ]);
    });

    test('a leave that is told late does not remove the join that was begun after it', async () => {
      const { store } = await start();
      await open(store, first);
      await addRoom(store, 1, 'daily', 'first');
      await addRoom(store, 1, 'daily', 'second');
      await store.removeRoom(first, 1, 'daily', 'first');
      expect((await store.sessions('alice'))[0]?.rooms.get('daily')?.join).toBe('second');
      await store.removeRoom(first, 1, 'daily', 'second');
      expect((await store.sessions('alice'))[0]?.rooms.size).toBe(0);
    });

    test('an ended session stays due until it is forgotten', async () => {
      const { store } = await start();
      await open(store, first);
      await addRoom(store, 1, 'daily');
      await store.end(first, 1, 'signed-out');
      expect((await store.due('a', 10)).map(({ sessionId, ended }) => [sessionId, ended])).toEqual([
        ['s1', 'signed-out'],
      ]);
      await store.forget(first);
      expect(await store.due('a', 10)).toEqual([]);
      expect(await store.sessions('alice')).toEqual([]);
    });

    test('N3: of a node that died another one adopts what it had: with a higher gen, and windows that begin then', async () => {
      const { store, advance } = await start();
      const moved: SessionRef = { userId: 'bob', sessionId: 's3' };
      const ended: SessionRef = { userId: 'carol', sessionId: 's4' };
      for (const ref of [first, second, moved, ended]) await open(store, ref);
      await store.detach(second, 1, 500);
      await attach(store, moved, 'c');
      await store.end(ended, 1, 'kicked');
      await advance(1_000);
      const notices: SessionNotice[] = [];
      const watching = await store.watch('a', (notice) => notices.push(notice));
      while (await store.adopt('a', 'b', 2));
      expect(
        (await store.sessions('alice')).map(({ sessionId, gen, node }) => [sessionId, gen, node]),
      ).toEqual([
        ['s1', 2, 'b'],
        ['s2', 2, 'b'],
      ]);
      expect((await store.sessions('bob')).map(({ gen, node }) => [gen, node])).toEqual([[2, 'c']]);
      expect(await store.due('a', 10)).toEqual([]);
      // What had ended is finished by whoever adopts it; the windows of the others have only begun.
      expect((await store.due('b', 10)).map(({ sessionId }) => sessionId)).toEqual(['s4']);
      // The node wakes, and nothing of it is its own.
      expect(await store.detach(first, 1, 0)).toBe(false);
      expect(await addRoom(store, 1, 'daily')).toBe(false);
      await expect.poll(() => notices.length).toBe(2);
      expect(notices).toContainEqual({ kind: 'adopted', ref: first, gen: 2 });
      expect(await attach(store, second, 'c')).toMatchObject({ outcome: 'attached', record: { gen: 3 } });
      await advance(windowMs + 500);
      const due = (await store.due('b', 10)).map(({ sessionId }) => sessionId).sort();
      expect(due).toEqual(['s1', 's4']);
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', ended: 'lost' });
      watching.close();
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
