import { expect, test } from 'vitest';
import { LeaveReason } from '../../../../../gen/parley/signal/v1/room_pb.ts';
import { decideLeave } from '../../../../../src/server/domain/departure.ts';
import { decideAndCommit } from '../../../../../src/server/port/decision.ts';
import { roomParts } from './room-parts.ts';

test('N4, R3: a session that is put back while it joins a room is known to be on its way into it', async () => {
  const { roomLog, store, keeper, rooms, signIn, end, members } = roomParts({});
  const alice = await signIn('alice');
  roomLog.hold();
  const joining = rooms.joinByPath(alice, 'daily', 'alice');
  await expect.poll(() => roomLog.held).toBe(1);
  const letGo = roomLog.pass();
  store.lose();
  expect(await keeper.keep(alice)).toBe(true);
  letGo();
  expect((await joining).room.outcome.case).toBe('snapshot');
  expect(await members('daily')).toEqual(['alice']);
  await end(alice);
  expect(await members('daily')).toEqual([]);
});

test('N4, R3: a session that is put back before it is welcomed, or while its room settles, has its room', async () => {
  const { clock, roomLog, store, keeper, rooms, signIn, end, namedRooms, members } = roomParts({});
  const before = await signIn('alice');
  (await rooms.joinByPath(before, 'daily', 'alice')).afterWelcome();
  before.disconnected();
  const after = await signIn('alice', 2);
  roomLog.unreachable = 1;
  const held = { peerId: 'alice', join: `${before.sessionId}:0` };
  const back = await rooms.comeBack(after, 'daily', held, undefined);
  expect(back.room.outcome.case).toBe('settling');
  const lose = async () => {
    store.lose();
    expect(await keeper.keep(after)).toBe(true);
    expect(await namedRooms('alice')).toEqual(['daily as alice']);
  };
  await lose();
  back.afterWelcome();
  await lose();
  await clock.advance(2_000);
  await lose();
  await after.turns.pending('daily');
  expect(after.rooms.size).toBe(1);
  await end(after);
  expect(await members('daily')).toEqual([]);
});

test('N4, R3: a room that is entered while its session is on the way back into the store is named there', async () => {
  const { store, keeper, rooms, signIn, namedRooms } = roomParts({});
  const alice = await signIn('alice');
  let arrive: () => void = () => undefined;
  store.wayOfRestore = new Promise((resolve) => {
    arrive = resolve;
  });
  const keeping = keeper.keep(alice);
  (await rooms.joinByPath(alice, 'daily', 'alice')).afterWelcome();
  store.lose();
  arrive();
  expect(await keeping).toBe(true);
  expect(await namedRooms('alice')).toEqual(['daily as alice']);
});

test('N4, R3: a room that the store has lost from a record is named there again', async () => {
  const { store, keeper, rooms, signIn, namedRooms } = roomParts({});
  const alice = await signIn('alice');
  (await rooms.joinByPath(alice, 'daily', 'alice')).afterWelcome();
  await store.removeRoom(alice, 1, 'daily', `${alice.sessionId}:0`);
  expect(await namedRooms('alice')).toEqual([]);
  expect(await keeper.keep(alice)).toBe(true);
  expect(await namedRooms('alice')).toEqual(['daily as alice']);
});

test('N4: a room that a session has left is not put back', async () => {
  const { store, keeper, rooms, roomLog, signIn, namedRooms } = roomParts({});
  const alice = await signIn('alice');
  (await rooms.joinByPath(alice, 'daily', 'alice')).afterWelcome();
  await decideAndCommit(roomLog, 'room:daily', alice.source(1), (state) =>
    decideLeave(state, alice, LeaveReason.LEFT),
  );
  await expect.poll(() => alice.rooms.size).toBe(0);
  store.lose();
  expect(await keeper.keep(alice)).toBe(true);
  expect(await namedRooms('alice')).toEqual([]);
});
