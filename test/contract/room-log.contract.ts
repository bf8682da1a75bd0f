import { afterEach, describe, expect, test } from 'vitest';
import type {
  Commit,
  Entry,
  NewMember,
  Position,
  RoomLog,
  Source,
  StreamName,
} from '../../src/server/port/room-log.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';

/** A RoomLog under test. Its room grace is 1,000 ms; `advance` lets its time pass. */
export interface RoomLogFixture {
  readonly log: RoomLog;
  /** Most bytes of bodies that a stream keeps. */
  readonly maxBytes: number;
  /** How long it keeps entries: 2 s or more. */
  readonly keepMs: number;
  readonly advance: (ms: number) => Promise<void>;
  close(): Promise<void>;
}

/** One whose streams may go on in another epoch, as they do where its store may have lost something. */
export interface ForkingRoomLogFixture extends RoomLogFixture {
  /** From its next use on the room goes on in another epoch. Nothing of it is lost. */
  readonly fork: () => Promise<void>;
}

const room: StreamName = 'room:daily';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);
const source = (seq: number, gen = 1, id = 'alice'): Source => ({ id, gen, seq });
const member = (sessionId: string): NewMember => ({
  sessionId,
  userId: sessionId,
  gen: 1,
  node: 'a',
  info: bytes(sessionId),
});

function toAll(from: Source, body: string, more: Partial<Commit> = {}): Commit {
  return { source: from, checks: [], changes: [], entry: { to: 'all', body: bytes(body) }, ...more };
}

function joining(sessionId: string, capacity = 10): Commit {
  return toAll(source(1, 1, sessionId), `joined ${sessionId}`, {
    checks: [
      { kind: 'no-member', peerId: sessionId, otherwise: ErrorCode.PEER_ID_TAKEN },
      { kind: 'members-below', limit: capacity, otherwise: ErrorCode.ROOM_FULL },
    ],
    changes: [{ kind: 'add-member', peerId: sessionId, member: member(sessionId) }],
  });
}

/** `joined`: of the sender, as a relay of its session has it. */
function relaying(from: Source, to: string, body: string, joined?: Position): Commit {
  return {
    source: from,
    checks: [
      { kind: 'member', peerId: from.id, otherwise: ErrorCode.NOT_IN_ROOM, ...(joined && { joined }) },
      { kind: 'member', peerId: to, otherwise: ErrorCode.PEER_NOT_FOUND },
    ],
    changes: [],
    entry: { to: { peerId: to }, body: bytes(body) },
  };
}

const lost = { good: false, why: 'lost' };
const trimmed = { good: false, why: 'trimmed' };

/** What every RoomLog keeps, whatever holds it. */
export function roomLogContract(name: string, make: () => Promise<RoomLogFixture>): void {
  describe(`RoomLog: ${name}`, () => {
    const fixtures: RoomLogFixture[] = [];
    const start = async (): Promise<RoomLogFixture> => {
      const fixture = await make();
      fixtures.push(fixture);
      return fixture;
    };
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture.close();
    });

    const entriesOf = async (log: RoomLog): Promise<readonly Entry[]> => {
      const state = await log.state(room);
      if (state === undefined) return [];
      const result = await log.read(room, { epoch: state.head.epoch, offset: 0 }, 1e9);
      if (!result.good) throw new Error('the log does not reach back to its beginning');
      return result.entries;
    };

    test('a stream that nobody wrote to has no state, and no position in it is good', async () => {
      const { log } = await start();
      expect(await log.state(room)).toBeUndefined();
      expect(await log.read(room, { epoch: 1, offset: 0 }, 1000)).toEqual(lost);
    });

    test('offsets are dense from 1, in the order of the calls, also when none is awaited', async () => {
      const { log } = await start();
      const commits = Array.from({ length: 50 }, (_, index) =>
        Promise.resolve(log.commit(room, toAll(source(index + 1), `${index + 1}`))),
      );
      const results = await Promise.all(commits);
      expect(results.map((result) => (result.outcome === 'applied' ? result.position.offset : 0))).toEqual(
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
      expect((await entriesOf(log)).map((entry) => text(entry.body))).toEqual(
        Array.from({ length: 50 }, (_, index) => `${index + 1}`),
      );
    });

    test('once a source came with a higher gen, the lower has no effect, also where what the higher asked was not done', async () => {
      const { log } = await start();
      await log.commit(room, toAll(source(5, 1), 'five'));
      // Already applied: nothing is done, and yet the source was taken over.
      expect((await log.commit(room, toAll(source(5, 2), 'five'))).outcome).toBe('applied');
      expect((await log.commit(room, toAll(source(6, 1), 'six'))).outcome).toBe('stale');
      expect((await log.commit(room, toAll(source(2, 3), 'two'))).outcome).toBe('not-applied');
      expect((await log.commit(room, toAll(source(6, 2), 'six'))).outcome).toBe('stale');
      expect((await entriesOf(log)).map(({ body }) => text(body))).toEqual(['five']);
    });

    test('a seq may be 0, and is taken in once like any other', async () => {
      const { log } = await start();
      expect(await log.commit(room, toAll(source(0), 'zero'))).toMatchObject({
        outcome: 'applied',
      });
      expect(await log.commit(room, toAll(source(0), 'zero'))).toMatchObject({
        outcome: 'applied',
        again: true,
      });
      expect(await log.commit(room, toAll(source(1), 'one'))).toMatchObject({
        outcome: 'applied',
      });
      expect((await entriesOf(log)).map(({ body }) => text(body))).toEqual(['zero', 'one']);
    });

    test('a failed check leaves nothing behind: no field, no member, no entry, and the seq may be tried again', async () => {
      const { log } = await start();
      await log.commit(room, joining('alice'));
      const full = await log.commit(room, joining('bob', 1));
      expect(full).toMatchObject({
        outcome: 'refused',
        failed: { kind: 'members-below', otherwise: ErrorCode.ROOM_FULL },
      });
      const state = await log.state(room);
      expect([...(state?.members.keys() ?? [])]).toEqual(['alice']);
      expect(state?.head.offset).toBe(1);
      expect(await log.commit(room, joining('bob', 2))).toMatchObject({ outcome: 'applied' });
    });

    test('each check holds when it should and fails when it should', async () => {
      const { log } = await start();
      await log.commit(room, joining('alice'));
      await log.commit(room, {
        source: source(2),
        checks: [],
        changes: [{ kind: 'set', field: 'mode', value: bytes('p2p') }],
      });
      const otherwise = ErrorCode.INVALID_ARGUMENT;
      const epoch = (await log.state(room))?.head.epoch ?? 0;
      const other = epoch === 1 ? 2 : epoch - 1;
      const cases = [
        [{ kind: 'exists', field: 'mode', otherwise }, true],
        [{ kind: 'exists', field: 'else', otherwise }, false],
        [{ kind: 'absent', field: 'else', otherwise }, true],
        [{ kind: 'absent', field: 'mode', otherwise }, false],
        [{ kind: 'equals', field: 'mode', value: bytes('p2p'), otherwise }, true],
        [{ kind: 'equals', field: 'mode', value: bytes('sfu'), otherwise }, false],
        [{ kind: 'equals', field: 'else', value: bytes(''), otherwise }, false],
        [{ kind: 'member', peerId: 'alice', otherwise }, true],
        [{ kind: 'member', peerId: 'alice', joined: { epoch, offset: 1 }, otherwise }, true],
        [{ kind: 'member', peerId: 'alice', joined: { epoch, offset: 2 }, otherwise }, false],
        [{ kind: 'member', peerId: 'alice', joined: { epoch: other, offset: 1 }, otherwise }, false],
        [{ kind: 'member', peerId: 'alice', maxGen: 1, otherwise }, true],
        [{ kind: 'member', peerId: 'alice', maxGen: 0, otherwise }, false],
        [{ kind: 'member', peerId: 'bob', otherwise }, false],
        [{ kind: 'no-member', peerId: 'bob', otherwise }, true],
        [{ kind: 'no-member', peerId: 'alice', otherwise }, false],
        [{ kind: 'members-below', limit: 2, otherwise }, true],
        [{ kind: 'members-below', limit: 1, otherwise }, false],
      ] as const;
      let seq = 3;
      for (const [check, holds] of cases) {
        const result = await log.commit(room, { source: source(seq++), checks: [check], changes: [] });
        expect(result.outcome, JSON.stringify(check)).toBe(holds ? 'applied' : 'refused');
      }
    });

    test('a commit sent again has its effect once and is answered with the same position', async () => {
      const { log } = await start();
      const first = await log.commit(room, toAll(source(7), 'once'));
      await log.commit(room, toAll(source(9), 'later'));
      const again = await log.commit(room, toAll(source(7), 'once'));
      expect(first).toMatchObject({ outcome: 'applied', position: { offset: 1 } });
      expect(again).toMatchObject({ outcome: 'applied', position: { offset: 1 }, again: true });
      expect((await entriesOf(log)).map((entry) => text(entry.body))).toEqual(['once', 'later']);
    });

    test('a seq that was refused and then overtaken is never evaluated late', async () => {
      const { log } = await start();
      const otherwise = ErrorCode.NOT_IN_ROOM;
      const wanting = {
        ...toAll(source(1), 'late'),
        checks: [{ kind: 'exists', field: 'open', otherwise } as const],
      };
      expect((await log.commit(room, wanting)).outcome).toBe('refused');
      await log.commit(room, {
        source: source(2),
        checks: [],
        changes: [{ kind: 'set', field: 'open', value: bytes('1') }],
      });
      expect(await log.commit(room, wanting)).toEqual({ outcome: 'not-applied' });
      expect(await entriesOf(log)).toEqual([]);
    });

    test('the 64 seqs from the highest downwards are told apart, across gaps', async () => {
      const { log } = await start();
      const applied = [100, 101, 131, 132, 133, 162, 163];
      for (const seq of applied) await log.commit(room, toAll(source(seq), `${seq}`));
      for (let seq = 100; seq <= 163; seq++) {
        const result = await log.commit(room, toAll(source(seq), `${seq}`));
        if (applied.includes(seq))
          expect(result, `${seq}`).toMatchObject({
            again: true,
            position: { offset: applied.indexOf(seq) + 1 },
          });
        else expect(result, `${seq}`).toEqual({ outcome: 'not-applied' });
      }
      expect(await log.commit(room, toAll(source(99), 'too old'))).toEqual({ outcome: 'not-applied' });
      expect(await log.commit(room, toAll(source(1000), 'far ahead'))).toMatchObject({
        outcome: 'applied',
      });
      expect(await log.commit(room, toAll(source(163), 'forgotten'))).toEqual({ outcome: 'not-applied' });
    });

    test('a seq is remembered past a jump for as long as it is one of the 64', async () => {
      const { log } = await start();
      for (const jump of [2, 31, 32, 33, 63]) {
        const from = (seq: number) => toAll(source(seq, 1, `jumps by ${jump}`), `${seq}`);
        const first = await log.commit(room, from(200));
        await log.commit(room, from(200 + jump));
        expect(await log.commit(room, from(200)), `${jump}`).toEqual({ ...first, again: true });
        for (const seq of [199, 201])
          expect(await log.commit(room, from(seq)), `${jump}`).toEqual({ outcome: 'not-applied' });
      }
    });

    test('a lower gen of a source has no effect once a higher one committed; sources do not disturb each other', async () => {
      const { log } = await start();
      await log.commit(room, toAll(source(1, 1), 'first'));
      await log.commit(room, toAll(source(2, 2), 'taken over'));
      expect(await log.commit(room, toAll(source(3, 1), 'paused node wakes'))).toEqual({ outcome: 'stale' });
      expect(await log.commit(room, toAll(source(1, 2), 'resent'))).toMatchObject({ again: true });
      expect(await log.commit(room, toAll(source(1, 1, 'bob'), 'other'))).toMatchObject({
        outcome: 'applied',
      });
    });

    test('S6: attached with a higher gen, a session is fenced off in the stream, also where it was no member or there was no stream', async () => {
      const { log } = await start();
      const attach = (sessionId: string, gen: number) =>
        log.attach(room, { sessionId, peerId: sessionId, gen, node: 'b' });
      // On its way while the session was attached elsewhere: a join, of a room that is not there yet.
      expect(await attach('alice', 2)).toMatchObject({ outcome: 'attached', state: { head: { offset: 0 } } });
      expect(await log.commit(room, joining('alice'))).toEqual({ outcome: 'stale' });
      expect(await log.commit(room, joining('bob'))).toMatchObject({ outcome: 'applied' });
      const attached = await attach('bob', 3);
      expect(attached.outcome === 'attached' && attached.state.members.get('bob')).toMatchObject({
        gen: 3,
        node: 'b',
        sessionId: 'bob',
        joined: { offset: 1 },
      });
      expect(await attach('bob', 3)).toMatchObject({ outcome: 'attached' });
      expect(await attach('bob', 2)).toEqual({ outcome: 'stale' });
      expect(await log.commit(room, toAll(source(2, 2, 'bob'), 'late'))).toEqual({ outcome: 'stale' });
      // What it did before is remembered.
      expect(await log.commit(room, toAll(source(1, 3, 'bob'), 'again'))).toMatchObject({ again: true });
      const state = await log.state(room);
      expect(state?.members.get('bob')).toMatchObject({ gen: 3, node: 'b' });
    });

    test('attaching leaves a peer of another session alone', async () => {
      const { log } = await start();
      await log.commit(room, joining('alice'));
      await log.attach(room, { sessionId: 'bob', peerId: 'alice', gen: 5, node: 'b' });
      expect((await log.state(room))?.members.get('alice')).toMatchObject({ gen: 1, node: 'a' });
    });

    test('a member gets the offset of its join as its number, and members stand in the order of their joins', async () => {
      const { log } = await start();
      for (const id of ['carol', 'alice', 'bob']) await log.commit(room, joining(id));
      const members = [...((await log.state(room))?.members.entries() ?? [])];
      expect(members.map(([peerId, { joined, sessionId }]) => [peerId, joined.offset, sessionId])).toEqual([
        ['carol', 1, 'carol'],
        ['alice', 2, 'alice'],
        ['bob', 3, 'bob'],
      ]);
    });

    test('P3: both chains lead back without a gap: previous on the route, previous to all', async () => {
      const { log } = await start();
      await log.commit(room, joining('alice'));
      await log.commit(room, joining('bob'));
      await log.commit(room, relaying(source(2), 'bob', 'one'));
      await log.commit(room, toAll(source(3), 'all'));
      await log.commit(room, relaying(source(4), 'bob', 'two'));
      await log.commit(room, relaying(source(2, 1, 'bob'), 'alice', 'back'));
      const chains = (await entriesOf(log)).map(({ position, route, previous, previousToAll }) => [
        position.offset,
        route,
        previous,
        previousToAll,
      ]);
      expect(chains).toEqual([
        [1, 0, 0, 0],
        [2, 0, 1, 1],
        [3, 2, 0, 2],
        [4, 0, 2, 2],
        [5, 2, 3, 4],
        [6, 1, 0, 4],
      ]);
      const state = await log.state(room);
      expect(state?.head).toMatchObject({ offset: 6, lastToAll: 4 });
      expect(state?.members.get('bob')?.lastDirected).toBe(5);
    });

    test('members are updated and removed; a new membership under an old peer id has another number', async () => {
      const { log } = await start();
      await log.commit(room, joining('alice'));
      await log.commit(room, joining('bob'));
      await log.commit(room, {
        source: source(2),
        checks: [],
        changes: [{ kind: 'update-member', peerId: 'alice', info: bytes('new') }],
      });
      expect(text((await log.state(room))?.members.get('alice')?.info)).toBe('new');
      await log.commit(
        room,
        toAll(source(3), 'left', { changes: [{ kind: 'remove-member', peerId: 'alice' }] }),
      );
      await log.commit(
        room,
        toAll(source(4), 'back', {
          changes: [{ kind: 'add-member', peerId: 'alice', member: member('alice') }],
        }),
      );
      expect((await log.state(room))?.members.get('alice')?.joined.offset).toBe(4);
      await log.commit(room, toAll(source(5), 'closed', { changes: [{ kind: 'remove-all-members' }] }));
      expect((await log.state(room))?.members.size).toBe(0);
    });

    test('a subscriber gets every later entry once and in order, and nothing after it closed', async () => {
      const { log } = await start();
      await log.commit(room, toAll(source(1), 'before'));
      const got: string[] = [];
      const subscription = await log.subscribe(room, {
        onEntry: (entry) => got.push(`${entry.position.offset} ${text(entry.body)}`),
        onPassed: () => undefined,
        onPublished: (key, body) => got.push(`published ${key} ${text(body)}`),
        onInterrupted: () => undefined,
      });
      await log.commit(room, toAll(source(2), 'two'));
      await log.publish(room, 'typing:alice', bytes('yes'));
      await log.commit(room, toAll(source(3), 'three'));
      await log.commit('room:other', toAll(source(1), 'elsewhere'));
      await expect.poll(() => got).toHaveLength(3);
      subscription.close();
      await log.commit(room, toAll(source(4), 'four'));
      expect(got.filter((line) => !line.startsWith('published'))).toEqual(['2 two', '3 three']);
      expect(got).toContain('published typing:alice yes');
    });

    test('a subscriber is told with each entry which came before it at its node, so that it knows when one is missing', async () => {
      const { log } = await start();
      const got: (readonly [offset: number, before: number])[] = [];
      const subscription = await log.subscribe(room, {
        onEntry: ({ position }, before) => got.push([position.offset, before]),
        onPassed: () => undefined,
        onPublished: () => undefined,
        onInterrupted: () => undefined,
      });
      await log.commit(room, joining('alice'));
      await log.commit(room, joining('bob'));
      const joined = (await log.state(room))?.members.get('alice')?.joined;
      for (let seq = 3; seq <= 5; seq++) await log.commit(room, relaying(source(seq), 'bob', 'offer'));
      for (let seq = 6; seq <= 8; seq++)
        await log.commit(room, relaying(source(seq), 'bob', 'offer', joined));
      await log.commit(room, relaying(source(9), 'alice', 'answer', joined));
      await log.commit(room, toAll(source(10), 'muted'));
      await expect.poll(() => got).toHaveLength(10);
      expect(got).toEqual(Array.from({ length: 10 }, (_, index) => [index + 1, index]));
      subscription.close();
    });

    test('a reader goes on from a position in pieces; one past the head or of another epoch is not good', async () => {
      const { log } = await start();
      for (let seq = 1; seq <= 5; seq++) await log.commit(room, toAll(source(seq), 'x'.repeat(10)));
      const epoch = (await log.state(room))?.head.epoch ?? 0;
      const piece = await log.read(room, { epoch, offset: 1 }, 25);
      expect(piece).toMatchObject({ good: true, through: { epoch, offset: 3 }, complete: false });
      expect(piece.good && piece.entries.map((entry) => entry.position.offset)).toEqual([2, 3]);
      const rest = await log.read(room, { epoch, offset: 3 }, 25);
      expect(rest.good && rest.entries.map((entry) => entry.position.offset)).toEqual([4, 5]);
      expect(rest).toMatchObject({ through: { epoch, offset: 5 }, complete: true });
      expect(await log.read(room, { epoch, offset: 5 }, 25)).toEqual({
        good: true,
        entries: [],
        through: { epoch, offset: 5 },
        complete: true,
      });
      expect(await log.read(room, { epoch, offset: 6 }, 25)).toEqual(lost);
      expect(await log.read(room, { epoch: epoch === 1 ? 2 : epoch - 1, offset: 1 }, 25)).toEqual(lost);
      expect(await log.read(room, { epoch, offset: 0 }, 1)).toMatchObject({ good: true, complete: false });
    });

    test('past the bound of bytes the oldest entries go, and a position before them is no longer good', async () => {
      const { log, maxBytes } = await start();
      const body = 'x'.repeat(Math.ceil(maxBytes / 20));
      for (let seq = 1; seq <= 40; seq++) await log.commit(room, toAll(source(seq), body));
      const epoch = (await log.state(room))?.head.epoch ?? 0;
      expect(await log.read(room, { epoch, offset: 1 }, 1e9)).toEqual(trimmed);
      expect(await log.read(room, { epoch, offset: 35 }, 1e9)).toMatchObject({ good: true });
    });

    test('entries are kept for the retention time and dropped after it, also in a room that went quiet', async () => {
      const { log, advance, keepMs } = await start();
      await log.commit(room, joining('alice'));
      await log.commit(room, toAll(source(2), 'sdp'));
      const epoch = (await log.state(room))?.head.epoch ?? 0;
      await advance(keepMs - 1_000);
      expect(await log.read(room, { epoch, offset: 0 }, 1000)).toMatchObject({ good: true });
      await advance(4_000);
      expect(await log.read(room, { epoch, offset: 0 }, 1000)).toEqual(trimmed);
      expect(await log.read(room, { epoch, offset: 2 }, 1000)).toMatchObject({ good: true });
    });

    test('S5: a room that was quiet for longer than entries are kept goes on in its epoch: who has all of it misses nothing', async () => {
      const { log, advance, keepMs } = await start();
      for (const id of ['alice', 'bob']) await log.commit(room, joining(id));
      const before = (await log.state(room))?.head ?? { epoch: 0, offset: 0 };
      await advance(keepMs + 3_000);
      expect(await log.read(room, { ...before, offset: 1 }, 1000)).toEqual(trimmed);
      expect(await log.commit(room, relaying(source(2), 'bob', 'restart'))).toMatchObject({
        outcome: 'applied',
        position: { epoch: before.epoch, offset: 3 },
      });
      const state = await log.state(room);
      expect(state?.head).toEqual({ epoch: before.epoch, offset: 3, lastToAll: 2 });
      expect(state?.forkedMsAgo).toBeUndefined();
      const read = await log.read(room, before, 1000);
      expect(read.good && read.entries.map(({ body }) => text(body))).toEqual(['restart']);
      expect(await log.read(room, { ...before, offset: 1 }, 1000)).toEqual(trimmed);
    });

    test('S5: a stream that begins without an entry has its first one in the epoch in which it began', async () => {
      const { log } = await start();
      const attached = await log.attach(room, { sessionId: 'bob', peerId: 'bob', gen: 1, node: 'a' });
      const epoch = attached.outcome === 'attached' ? attached.state.head.epoch : 0;
      expect(await log.commit(room, joining('alice'))).toMatchObject({ position: { epoch, offset: 1 } });
      expect((await log.state(room))?.forkedMsAgo).toBeUndefined();
    });

    test('R3: a room without members is forgotten after its grace, and what begins then has a new epoch', async () => {
      const { log, advance } = await start();
      await log.commit(room, joining('alice'));
      const epoch = (await log.state(room))?.head.epoch;
      expect(await log.rooms('', 10)).toEqual(['daily']);
      await log.commit(
        room,
        toAll(source(2), 'left', { changes: [{ kind: 'remove-member', peerId: 'alice' }] }),
      );
      await advance(500);
      expect((await log.state(room))?.head.epoch).toBe(epoch);
      await advance(3_000);
      expect(await log.state(room)).toBeUndefined();
      expect(await log.rooms('', 10)).toEqual([]);
      await log.commit(room, joining('bob'));
      expect((await log.state(room))?.head.epoch).not.toBe(epoch);
      expect(await log.rooms('', 10)).toEqual(['daily']);
    });

    test('rooms with members are listed by id, in pages', async () => {
      const { log } = await start();
      for (const id of ['b', 'a', 'd', 'c']) await log.commit(`room:${id}`, joining('alice'));
      await log.commit('user:someone', toAll(source(1), 'inbox'));
      expect(await log.rooms('', 3)).toEqual(['a', 'b', 'c']);
      expect(await log.rooms('c', 3)).toEqual(['d']);
    });
  });
}

/** What those keep whose streams may go on in another epoch. */
export function forkingRoomLogContract(name: string, make: () => Promise<ForkingRoomLogFixture>): void {
  describe(`RoomLog in other epochs: ${name}`, () => {
    const fixtures: ForkingRoomLogFixture[] = [];
    const start = async (): Promise<ForkingRoomLogFixture> => {
      const fixture = await make();
      fixtures.push(fixture);
      return fixture;
    };
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) await fixture.close();
    });

    const headOf = async (log: RoomLog): Promise<Position> => {
      const { epoch, offset } = (await log.state(room))?.head ?? { epoch: 0, offset: 0 };
      return { epoch, offset };
    };

    test('S6: a reader at the head of a stream is told that it goes on in another epoch, though there is no entry', async () => {
      const { log, fork } = await start();
      for (let seq = 1; seq <= 3; seq++) await log.commit(room, toAll(source(seq), 'x'));
      const before = await headOf(log);
      for (let times = 0; times < 2; times++) {
        await fork();
        const read = await log.read(room, before, 1e9);
        const through = await headOf(log);
        expect(read).toEqual({ good: true, entries: [], through, complete: true });
        expect(through.offset).toBe(3);
        expect(through.epoch).not.toBe(before.epoch);
        expect(await log.read(room, through, 1e9)).toEqual(read);
      }
    });

    test('S6: a reader that goes on from how far it got meets each entry once, over however many epochs', async () => {
      const { log, fork } = await start();
      await log.commit(room, joining('alice'));
      let position = await headOf(log);
      for (let seq = 2; seq <= 7; seq++) {
        await log.commit(room, toAll(source(seq), 'x'.repeat(10)));
        if (seq % 2 === 0) await fork();
      }
      const offsets: number[] = [];
      for (let complete = false; !complete; ) {
        const read = await log.read(room, position, 25);
        if (!read.good) throw new Error(`the position is ${read.why}`);
        offsets.push(...read.entries.map((entry) => entry.position.offset));
        ({ through: position, complete } = read);
      }
      expect(offsets).toEqual([2, 3, 4, 5, 6, 7]);
      expect(position).toEqual(await headOf(log));
    });
  });
}
