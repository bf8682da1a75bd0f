import { afterEach, describe, expect, test } from 'vitest';
import type {
  SessionListener,
  SessionNotice,
  SessionPolicy,
  SessionRef,
  SessionStore,
} from '../../src/server/port/session-store.ts';

/** A SessionStore under test; `advance` lets its time pass. */
export interface SessionStoreFixture {
  readonly store: SessionStore;
  /** The reconnection window to test with, longer than `lateMs`. */
  readonly windowMs: number;
  /** How long it tells of a forgotten session's end, longer than `lateMs`. */
  readonly endedKeepMs: number;
  /** How exactly it keeps time. */
  readonly slackMs: number;
  /** How late a test may be on a busy machine: what must not have happened yet is looked at that long before it may. */
  readonly lateMs: number;
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
      ({ windowMs } = fixture);
      return fixture;
    };
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture.close();
    });
    let windowMs = 0;
    const open = (store: SessionStore, ref: SessionRef, policy: SessionPolicy = 'multiple') =>
      store.open({ ...ref, secretHash: `hash of ${ref.sessionId}`, node: 'a', windowMs, policy });
    const attach = (store: SessionStore, ref: SessionRef, node = 'b', attempt = 0) =>
      store.attach({ ...ref, secretHash: `hash of ${ref.sessionId}`, node, windowMs, attempt });
    const due = async (store: SessionStore, node: string, limit = 10) =>
      (await store.due(node, limit)).map(({ sessionId }) => sessionId);
    const addRoom = (store: SessionStore, gen: number, roomId: string, join = `${roomId}:1`) =>
      store.addRoom(first, gen, roomId, { peerId: 'peer', join });

    test('a session opens with gen 1 and each attach raises it', async () => {
      const { store } = await start();
      expect(await open(store, first)).toEqual({ outcome: 'opened', gen: 1, replaced: [] });
      expect(await attach(store, first)).toMatchObject({
        outcome: 'attached',
        record: { gen: 2, node: 'b', windowMs },
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

    test('S3: a session that is opened once more, late, after it ended and was forgotten, is not there again', async () => {
      const { store } = await start();
      await open(store, first, 'refuse');
      await store.end(first, 1, 'signed-out');
      await store.forget(first);
      expect(await open(store, first, 'refuse')).toEqual({ outcome: 'opened', gen: 1, replaced: [] });
      expect(await store.sessions('alice')).toEqual([]);
      expect(await addRoom(store, 1, 'daily')).toBe(false);
      expect(await attach(store, first)).toEqual({ outcome: 'ended', why: 'signed-out' });
      expect(await open(store, second, 'refuse')).toMatchObject({ outcome: 'opened' });
      // Nor does it end those who came since.
      await open(store, first, 'replace');
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
      const { store, advance, endedKeepMs, slackMs, lateMs } = await start();
      await open(store, first);
      await store.end(first, 1, 'kicked');
      const ended = { outcome: 'ended', why: 'kicked' };
      expect(await attach(store, first)).toEqual(ended);
      await store.forget(first);
      expect(await attach(store, first)).toEqual(ended);
      await advance(endedKeepMs - lateMs);
      await store.due('a', 10);
      expect(await attach(store, first)).toEqual(ended);
      await advance(lateMs + slackMs);
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
      const { store, advance, slackMs, lateMs } = await start();
      await open(store, first);
      expect(await store.detach(first, 1, windowMs)).toBe(true);
      await advance(windowMs - lateMs);
      expect(await due(store, 'a')).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      await attach(store, first);
      await advance(lateMs + slackMs);
      expect(await due(store, 'a')).toEqual([]);
      expect(await due(store, 'b')).toEqual([]);
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
      expect(await store.detach(first, 2, windowMs / 2)).toBe(true);
      await advance(windowMs / 2 + slackMs);
      expect(await due(store, 'a')).toEqual([]);
      expect((await store.due('b', 10)).map(({ sessionId, gen }) => [sessionId, gen])).toEqual([['s1', 2]]);
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', gen: 2, ended: 'lost' });
      // As one does whose answer was lost.
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', gen: 2, ended: 'lost' });
      expect(await store.end(first, 1, 'lost')).toBeUndefined();
    });

    test('who says twice that a connection is gone does not begin its window anew', async () => {
      const { store, advance } = await start();
      await open(store, first);
      await store.detach(first, 1, 0);
      expect(await store.detach(first, 1, 10 * windowMs)).toBe(true);
      await advance(1);
      expect(await due(store, 'a')).toEqual(['s1']);
    });

    test('of what is due the oldest come first, no more than asked for, and those that came back are not among them', async () => {
      const { store, advance } = await start();
      const refs = Array.from({ length: 9 }, (_, i) => ({ userId: `user-${i}`, sessionId: `s${i}` }));
      for (const ref of refs) await open(store, ref);
      for (const ref of refs) {
        await store.detach(ref, 1, 0);
        await advance(2);
      }
      for (const i of [0, 1, 2, 4]) await attach(store, { userId: `user-${i}`, sessionId: `s${i}` }, 'a');
      expect(await due(store, 'a', 2)).toEqual(['s3', 's5']);
      expect(await due(store, 'a', 4)).toEqual(['s3', 's5', 's6', 's7']);
      expect(await due(store, 'a')).toEqual(['s3', 's5', 's6', 's7', 's8']);
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
      const { store, advance, slackMs } = await start();
      const moved: SessionRef = { userId: 'bob', sessionId: 's3' };
      const ended: SessionRef = { userId: 'carol', sessionId: 's4' };
      for (const ref of [first, second, moved, ended]) await open(store, ref);
      await store.detach(second, 1, windowMs / 4);
      await attach(store, moved, 'c');
      await store.end(ended, 1, 'kicked');
      await advance(windowMs / 2);
      const notices: SessionNotice[] = [];
      const watching = await store.watch('a', keeping(notices));
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
      expect(await due(store, 'b')).toEqual(['s4']);
      // The node wakes, and nothing of it is its own.
      expect(await store.detach(first, 1, 0)).toBe(false);
      expect(await addRoom(store, 1, 'daily')).toBe(false);
      await expect.poll(() => notices.length).toBe(2);
      expect(notices).toContainEqual({ kind: 'adopted', ref: first, gen: 2 });
      expect(await attach(store, second, 'c')).toMatchObject({ outcome: 'attached', record: { gen: 3 } });
      await advance(windowMs + slackMs);
      expect((await due(store, 'b')).sort()).toEqual(['s1', 's4']);
      expect(await store.end(first, 2, 'lost')).toMatchObject({ sessionId: 's1', ended: 'lost' });
      watching.close();
    });

    test('N3: what two nodes adopt at once from one that died goes to one of them', async () => {
      const { store } = await start();
      const refs = Array.from({ length: 20 }, (_, i) => ({ userId: `user-${i}`, sessionId: `s${i}` }));
      for (const ref of refs) await open(store, ref);
      const adopt = async (node: string) => {
        while (await store.adopt('a', node, 3));
      };
      await Promise.all([adopt('b'), adopt('c')]);
      for (const { userId } of refs) {
        const [record] = await store.sessions(userId);
        expect(record?.gen).toBe(2);
        expect(['b', 'c']).toContain(record?.node);
      }
      expect(await store.adopt('a', 'b', 10)).toBe(false);
    });

    test('R5: a node that was started again adopts what it left, once, and not what has come back meanwhile', async () => {
      const { store, advance, slackMs } = await start();
      const back: SessionRef = { userId: 'bob', sessionId: 's3' };
      const moved: SessionRef = { userId: 'carol', sessionId: 's4' };
      const ended: SessionRef = { userId: 'dave', sessionId: 's5' };
      for (const ref of [first, second, back, moved, ended]) await open(store, ref);
      await store.detach(second, 1, 0);
      await store.end(ended, 1, 'kicked');
      await attach(store, moved, 'c');
      expect(await store.adopt('a', 'a', 1)).toBe(true);
      const early = await attach(store, back, 'a');
      const gen = early.outcome === 'attached' ? early.record.gen : 0;
      while (await store.adopt('a', 'a', 1));
      expect(
        (await store.sessions('alice')).map((record) => [record.sessionId, record.gen, record.node]),
      ).toEqual([
        ['s1', 2, 'a'],
        ['s2', 2, 'a'],
      ]);
      // Its window, which was over, has begun anew.
      expect(await due(store, 'a')).toEqual(['s5']);
      expect((await store.sessions('bob'))[0]?.gen).toBe(gen);
      expect((await store.sessions('carol')).map((record) => [record.gen, record.node])).toEqual([[2, 'c']]);
      await advance(windowMs + slackMs);
      expect((await due(store, 'a')).sort()).toEqual(['s1', 's2', 's5']);
      expect(await store.end(back, gen, 'lost')).toBeUndefined();
    });

    test('N4: a session that the store has lost is put back with its rooms, and is as one that attached', async () => {
      const { store, advance, slackMs } = await start();
      const rooms = new Map([['daily', { peerId: 'peer', join: 'daily:1' }]]);
      const request = { ...first, secretHash: 'hash of s1', node: 'a', windowMs, attempt: 2, gen: 3, rooms };
      const restored = await store.restore(request);
      const gen = restored.outcome === 'restored' ? restored.gen : 0;
      expect(gen).toBeGreaterThan(3);
      expect(await store.sessions('alice')).toEqual([{ ...first, gen, node: 'a', windowMs, rooms }]);
      expect(await due(store, 'a')).toEqual([]);
      expect(await store.detach(first, 3, 0)).toBe(false);
      expect(await attach(store, first, 'c', 1)).toEqual({ outcome: 'overtaken' });
      expect(await attach(store, first, 'b', 3)).toMatchObject({
        outcome: 'attached',
        record: { gen: gen + 1 },
      });
      expect(await store.detach(first, gen + 1, 0)).toBe(true);
      await advance(slackMs);
      expect(await due(store, 'b')).toEqual(['s1']);
    });

    test('a session that is there is not put back: its record decides, also when it has ended', async () => {
      const { store } = await start();
      await open(store, first);
      await addRoom(store, 1, 'daily');
      const request = { ...first, secretHash: 'hash of s1', node: 'b', windowMs, attempt: 0, gen: 7 };
      const restore = () => store.restore({ ...request, rooms: new Map() });
      const there = await restore();
      expect(there).toMatchObject({ outcome: 'there', record: { gen: 1, node: 'a' }, isAttached: true });
      expect(there.outcome === 'there' && [...there.record.rooms.keys()]).toEqual(['daily']);
      expect(await due(store, 'b')).toEqual([]);
      await store.detach(first, 1, windowMs);
      expect(await restore()).toMatchObject({ outcome: 'there', isAttached: false });
      await store.end(first, 1, 'kicked');
      expect(await restore()).toMatchObject({
        outcome: 'there',
        record: { ended: 'kicked' },
        isAttached: false,
      });
      await store.forget(first);
      expect(await restore()).toEqual({ outcome: 'ended', why: 'kicked' });
      expect(await store.sessions('alice')).toEqual([]);
    });

    test('S3: the node that had a session is told when it is taken or replaced', async () => {
      const { store } = await start();
      const notices: SessionNotice[] = [];
      const watching = await store.watch('a', keeping(notices));
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

/** Keeps what it hears. */
function keeping(notices: SessionNotice[]): SessionListener {
  return { onNotice: (notice) => notices.push(notice), onMissed: () => undefined };
}
