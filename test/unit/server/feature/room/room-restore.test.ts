import { create, fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { ServerFrameSchema } from '../../../../../gen/parley/signal/v1/frame_pb.ts';
import { decideKick } from '../../../../../src/server/domain/departure.ts';
import { decideUpdateRoom } from '../../../../../src/server/domain/description.ts';
import { decideJoin } from '../../../../../src/server/domain/join.ts';
import { metadataValue, roomField } from '../../../../../src/server/domain/room-view.ts';
import { decideAndCommit } from '../../../../../src/server/port/decision.ts';
import type { Session } from '../../../../../src/server/session/session.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { roomParts, settleMs } from './room-parts.ts';

const room = 'room:daily';

async function setUp() {
  const parts = roomParts({ creatorIsHost: true });
  const enter = async (userId: string): Promise<Session> => {
    const session = await parts.signIn(userId);
    (await parts.rooms.joinByPath(session, 'daily', userId)).afterWelcome();
    return session;
  };
  const [ann, ben] = [await enter('ann'), await enter('ben')];
  parts.sent.length = 0;
  return {
    ...parts,
    ann,
    ben,
    /** What clients were told of how their rooms stand, since it was asked last. */
    told: () =>
      parts.sent.splice(0).flatMap(({ bytes }) => {
        const { frame } = fromBinary(ServerFrameSchema, bytes);
        const body = frame.case === 'control' ? frame.value.body : undefined;
        return body?.case === 'roomSettled' ? [body.value.outcome] : [];
      }),
  };
}

test('nothing is done about a room that the store has', async () => {
  const { rooms, ann, told } = await setUp();
  expect(await rooms.hasLost(ann, 'daily')).toBe(false);
  expect(await rooms.hasLost(ann, 'another')).toBe(false);
  expect(() => ann.assertSettled('daily')).not.toThrow();
  expect(told()).toEqual([]);
});

test('N4: a lost room is put back at once, what is asked of it is refused meanwhile, and its clients are told of it when it has settled', async () => {
  const { clock, roomLog, rooms, ann, ben, told, members } = await setUp();
  roomLog.lose();
  expect(await Promise.all([rooms.hasLost(ann, 'daily'), rooms.hasLost(ann, 'daily')])).toEqual([true, true]);
  expect(() => ann.assertSettled('daily')).toThrow(expect.objectContaining({ code: ErrorCode.UNAVAILABLE }));
  expect(told()).toEqual([{ case: 'settling', value: true }]);
  await expect.poll(() => members('daily')).toEqual(['ann']);
  await clock.advance(settleMs - 1);
  expect(await rooms.hasLost(ben, 'daily')).toBe(true);
  await expect.poll(() => members('daily')).toEqual(['ann', 'ben']);
  expect(told()).toEqual([{ case: 'settling', value: true }]);
  const turn = ann.turns.pending('daily');
  await clock.advance(1);
  await turn;
  const [outcome] = told();
  expect(outcome?.case === 'snapshot' && outcome.value.peers.map(({ peerId }) => peerId)).toEqual([
    'ann',
    'ben',
  ]);
  expect(() => ann.assertSettled('daily')).not.toThrow();
  expect(() => ben.assertSettled('daily')).toThrow();
  expect(ann.rooms.get('daily')?.joined).toMatchObject({ offset: 1 });
  expect(ann.rooms.get('daily')?.permissions.host).toBe(true);
});

test('N4: a member whose part of the store answers nothing does not keep the others waiting for longer than a room settles', async () => {
  const { clock, store, roomLog, rooms, ann, ben, told, members } = await setUp();
  roomLog.lose();
  store.silentTo = ben.userId;
  for (const session of [ben, ann]) expect(await rooms.hasLost(session, 'daily')).toBe(true);
  await expect.poll(() => members('daily')).toEqual(['ann']);
  await clock.advance(settleMs);
  expect(told().map((outcome) => outcome.case)).toEqual(['settling', 'settling']);
  const turn = ann.turns.pending('daily');
  await clock.advance(settleMs);
  await turn;
  expect(told().map((outcome) => outcome.case)).toEqual(['snapshot']);
});

test('N4: who is still there where a room broke off is told so once', async () => {
  const { clock, roomLog, rooms, ann, told, members } = await setUp();
  roomLog.breakOff();
  const timers = clock.pending;
  expect(await rooms.hasLost(ann, 'daily')).toBe(true);
  // It waits for the others.
  await expect.poll(() => clock.pending).toBe(timers + 1);
  const turn = ann.turns.pending('daily');
  await clock.advance(settleMs);
  await turn;
  expect(told().map((outcome) => outcome.case)).toEqual(['settling', 'snapshot']);
  expect(await members('daily')).toEqual(['ann', 'ben']);
});

test('N4: what is lost again while it settles is put back again', async () => {
  const { clock, roomLog, rooms, ann, told, members } = await setUp();
  roomLog.lose();
  await rooms.hasLost(ann, 'daily');
  await expect.poll(() => members('daily')).toEqual(['ann']);
  roomLog.lose();
  await clock.advance(settleMs);
  await expect.poll(() => members('daily')).toEqual(['ann']);
  expect(told().map((outcome) => outcome.case)).toEqual(['settling']);
  const turn = ann.turns.pending('daily');
  await clock.advance(settleMs);
  await turn;
  // Ben's feed finds out then.
  expect(told().map((outcome) => outcome.case)).toEqual(['snapshot', 'settling']);
});

test.each([
  ['N4: a member of whom it is not known whether it was put back is put back once', 'applied'],
  ['N4: a member of whom it is not known whether it was put back, and who was not, is', 'not applied'],
] as const)('%s', async (_, outcome) => {
  const { clock, roomLog, rooms, ann, ben, told, closes, members } = await setUp();
  ben.disconnected();
  roomLog.lose();
  roomLog.inDoubt.push(outcome, outcome);
  await rooms.hasLost(ann, 'daily');
  const turn = ann.turns.pending('daily');
  for (let waited = 0; waited < 3 && closes.length === 0; waited++) await clock.advance(settleMs);
  await turn;
  expect(closes).toEqual([]);
  expect(told().map((outcome) => outcome.case)).toEqual(['settling', 'snapshot']);
  expect(await members('daily')).toEqual(['ann']);
  expect((await roomLog.state(room))?.head.offset).toBe(1);
});

test('who is put out while the room settles stays out', async () => {
  const { clock, roomLog, rooms, ann, ben, told, members } = await setUp();
  roomLog.lose();
  for (const session of [ann, ben]) await rooms.hasLost(session, 'daily');
  await expect.poll(() => members('daily')).toEqual(['ann', 'ben']);
  await decideAndCommit(roomLog, room, ann.source(9), (state) => decideKick(state, 'ann', 'ben'));
  told();
  const turns = Promise.all([ann, ben].map(({ turns: own }) => own.pending('daily') ?? Promise.resolve()));
  await clock.advance(settleMs);
  await turns;
  expect(await members('daily')).toEqual(['ann']);
  expect(ben.rooms.size).toBe(0);
  // One to each, whoever is first.
  const outcomes = told().sort((one, other) => String(one.case).localeCompare(String(other.case)));
  expect(outcomes).toMatchObject([
    { case: 'error', value: { code: ErrorCode.NOT_IN_ROOM } },
    { case: 'snapshot' },
  ]);
});

test('who finds its place taken is told to join again', async () => {
  const { roomLog, rooms, ann, told } = await setUp();
  roomLog.lose();
  await decideAndCommit(roomLog, room, { id: 'eve', gen: 1, seq: 1 }, (state) =>
    decideJoin(state, {
      ...{ peerId: 'ann', join: 'eve:1', displayName: '', avatarUrl: '', attributes: {}, nowMs: 1 },
      session: { sessionId: 'eve', userId: 'eve', gen: 1, node: 'b' },
      seed: create(RoomRecordSchema, { policy: { createOnJoin: true } }),
    }),
  );
  const turn = rooms.hasLost(ann, 'daily').then(() => ann.turns.pending('daily'));
  await turn;
  expect(told()).toMatchObject([
    { case: 'settling' },
    { case: 'error', value: { code: ErrorCode.UNAVAILABLE, retryable: true } },
  ]);
  expect(ann.rooms.size).toBe(0);
});

test('of a client that is gone nothing is put back, and nothing is waited for', async () => {
  const { clock, roomLog, rooms, ann, told, members } = await setUp();
  roomLog.lose();
  roomLog.hold();
  await rooms.hasLost(ann, 'daily');
  told();
  ann.disconnected();
  roomLog.pass()();
  await ann.turns.pending('daily');
  expect(clock.pending).toBe(0);
  expect(await members('daily')).toEqual([]);
  expect(told()).toEqual([]);
});

test('N4: who joins while a room settles is told that others may yet be there', async () => {
  const { clock, roomLog, rooms, ann, ben, signIn } = await setUp();
  ben.disconnected();
  const settlingFor = async (userId: string) => {
    const { room: joined } = await rooms.joinByPath(await signIn(userId), 'daily', userId);
    return joined.outcome.case === 'snapshot' && joined.outcome.value.settling;
  };
  expect(await settlingFor('cyd')).toBe(false);
  roomLog.lose();
  await rooms.hasLost(ann, 'daily');
  expect(await settlingFor('dan')).toBe(true);
  const turn = ann.turns.pending('daily');
  await clock.advance(settleMs);
  await turn;
  expect(await settlingFor('eve')).toBe(false);
  rooms.lossNoticed();
  expect(await settlingFor('fay')).toBe(true);
  await clock.advance(settleMs);
  expect(await settlingFor('gus')).toBe(false);
});

test('members of a room have one copy of its fields, which follows the room', async () => {
  const { roomLog, ann, ben } = await setUp();
  const known = () => [ann, ben].map(({ rooms }) => rooms.get('daily')?.lastKnown.fields);
  const [before, same] = known();
  expect(before?.get(roomField.info)).toBeDefined();
  expect(same).toBe(before);
  await decideAndCommit(roomLog, room, ann.source(9), (state) =>
    decideUpdateRoom(state, 'ann', { topic: 'ships' }),
  );
  await expect.poll(() => known()[1]?.get(roomField.metadata)).toEqual(metadataValue({ topic: 'ships' }));
  const [after, sameAgain] = known();
  expect(after).not.toBe(before);
  expect(sameAgain).toBe(after);
});
