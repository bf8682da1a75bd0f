import { expect, test } from 'vitest';
import { RoomAccess } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { decideClose } from '../../../../../src/server/domain/departure.ts';
import { decideAndCommit } from '../../../../../src/server/port/decision.ts';
import { ErrorCode } from '../../../../../src/shared/signal-error.ts';
import { roomParts } from './room-parts.ts';

test('R1: a room that ends while a user is let into it begins anew with that user', async () => {
  const { roomLog, store, rooms, questions, signIn, members } = roomParts({
    access: RoomAccess.ASK,
    creatorIsHost: true,
  });
  const letIn = async () => {
    await expect.poll(() => questions.length).toBe(1);
    questions.shift()?.({ allowed: true });
  };

  const alice = await signIn('alice');
  const [first] = await Promise.all([rooms.joinByPath(alice, 'daily', 'alice'), letIn()]);
  first.afterWelcome();
  expect(first.room.created).toBe(true);

  const bob = await signIn('bob');
  const joining = rooms.joinByPath(bob, 'daily', 'bob');
  await expect.poll(() => questions.length).toBe(1);
  await decideAndCommit(roomLog, 'room:daily', alice.source(2), (state) =>
    decideClose(state, 'alice', 'over'),
  );
  await letIn();
  await letIn();
  const second = await joining;
  second.afterWelcome();
  expect(second.room.created).toBe(true);
  expect(await members('daily')).toEqual(['bob']);
  expect(bob.entering.size).toBe(0);
  expect(bob.rooms.get('daily')?.permissions.host).toBe(true);
  expect(alice.rooms.size).toBe(0);
  expect((await store.sessions('alice'))[0]?.rooms.size).toBe(0);
});

test('R3: a join that is still on its way when its session ends makes no member that nobody removes', async () => {
  const { roomLog, store, rooms, leaver, signIn, members } = roomParts({});
  const alice = await signIn('alice');
  roomLog.hold();
  const joining = rooms.joinByPath(alice, 'daily', 'alice');
  await expect.poll(async () => (await store.sessions('alice'))[0]?.rooms.size).toBe(1);
  const letGo = roomLog.pass();
  const ended = await store.end(alice, 1, 'replaced');
  if (ended === undefined) throw new Error('the session had not ended');
  await leaver.finish(ended);
  letGo();
  expect((await joining).room.outcome).toMatchObject({ case: 'error' });
  expect(await members('daily')).toEqual([]);
});

test('R3: a join that gets through while its session is taken out of the room makes no member that nobody removes', async () => {
  const { roomLog, store, rooms, leaver, signIn, members } = roomParts({});
  const alice = await signIn('alice');
  roomLog.hold();
  const joining = rooms.joinByPath(alice, 'daily', 'alice');
  await expect.poll(async () => (await store.sessions('alice'))[0]?.rooms.size).toBe(1);
  const letGo = roomLog.pass();
  const ended = await store.end(alice, 1, 'signed-out');
  if (ended === undefined) throw new Error('the session had not ended');
  const { wasRead, answer } = roomLog.holdRead();
  const finishing = leaver.finish(ended);
  await wasRead;
  letGo();
  await joining;
  answer();
  await finishing;
  expect(await members('daily')).toEqual([]);
});

test('R3: what a session has on its way as it ends is heard before it leaves', async () => {
  const { roomLog, store, rooms, leaver, signIn, members } = roomParts({});
  const alice = await signIn('alice');
  (await rooms.joinByPath(alice, 'daily', 'alice')).afterWelcome();
  roomLog.hold();
  const [checks, changes] = [[], []];
  const entry = { to: 'all', body: new Uint8Array([1]) } as const;
  const saying = roomLog.commit('room:daily', { source: alice.source(1), checks, changes, entry });
  const ended = await store.end(alice, 1, 'signed-out');
  if (ended === undefined) throw new Error('the session had not ended');
  const finishing = leaver.finish(ended);
  await expect.poll(() => roomLog.held).toBe(2);
  roomLog.pass()();
  await finishing;
  expect(await saying).toMatchObject({ outcome: 'applied', position: { offset: 2 } });
  expect(await members('daily')).toEqual([]);
});

test('R3, S5: a join that is still on its way when its session is taken over makes no member that the session does not know', async () => {
  const { roomLog, store, rooms, signIn, members } = roomParts({});
  const before = await signIn('alice');
  roomLog.hold();
  const joining = rooms.joinByPath(before, 'daily', 'alice');
  await expect.poll(async () => (await store.sessions('alice'))[0]?.rooms.size).toBe(1);
  const letGo = roomLog.pass();
  const held = (await store.sessions('alice'))[0]?.rooms.get('daily');
  if (held === undefined) throw new Error('the join is not in the record');
  const after = await signIn('alice', 2);
  expect((await rooms.comeBack(after, 'daily', held, undefined)).room.outcome.case).toBe('error');
  letGo();
  expect((await joining).room.outcome.case).toBe('error');
  expect(await members('daily')).toEqual([]);
  // What the client asks of the session that it came back to has its effect.
  expect((await rooms.joinByPath(after, 'other', 'alice')).room.outcome.case).toBe('snapshot');
});

const refused = (code: ErrorCode) => ({ case: 'error', value: { code } });

test('R3: a join of which nobody knows what became leaves its room in the record, so that its member leaves with its session', async () => {
  const { roomLog, rooms, signIn, end, events, members } = roomParts({});
  const alice = await signIn('alice');
  roomLog.inDoubt.push('applied');
  const { room } = await rooms.joinByPath(alice, 'daily', 'alice');
  expect(room.outcome).toMatchObject(refused(ErrorCode.OUTCOME_UNKNOWN));
  expect(await members('daily')).toEqual(['alice']);
  await end(alice);
  expect(await members('daily')).toEqual([]);
  expect(await events('daily')).toEqual(['peerJoined', 'peerLeft']);
});

test('R3: a join that is refused after one of which nobody knows what became leaves the record as that one made it', async () => {
  const { roomLog, rooms, signIn, end, namedRooms, members } = roomParts({});
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  (await rooms.joinByPath(bob, 'daily', 'bob')).afterWelcome();
  roomLog.hold();
  roomLog.inDoubt.push('applied');
  await rooms.joinByPath(alice, 'daily', 'alice');
  const letGo = roomLog.pass();
  const { room } = await rooms.joinByPath(alice, 'daily', 'bob');
  expect(room.outcome).toMatchObject(refused(ErrorCode.PEER_ID_TAKEN));
  expect(await namedRooms('alice')).toEqual(['daily as alice']);
  letGo();
  await expect.poll(() => members('daily')).toEqual(['bob', 'alice']);
  await end(alice);
  expect(await members('daily')).toEqual(['bob']);
});

test('R3: a join that is refused while it may be on its way still leaves its room in the record, so that its member leaves with its session', async () => {
  const { roomLog, rooms, signIn, end, namedRooms, members } = roomParts({});
  const [alice, bob, carol] = [await signIn('alice'), await signIn('bob'), await signIn('carol')];
  await rooms.joinByPath(carol, 'daily', 'carol');
  roomLog.refuseInDoubt = () => rooms.joinByPath(bob, 'daily', 'wanted');
  const { room } = await rooms.joinByPath(alice, 'daily', 'wanted');
  expect(room.outcome).toMatchObject(refused(ErrorCode.OUTCOME_UNKNOWN));
  expect(await namedRooms('alice')).toEqual(['daily as wanted']);
  await end(bob);
  await roomLog.arriveLate();
  expect(await members('daily')).toEqual(['carol', 'wanted']);
  await end(alice);
  expect(await members('daily')).toEqual(['carol']);
});

test('R1, R3: who asks again for a room that it is in already has it in its record from then on', async () => {
  const { roomLog, store, rooms, signIn, end, namedRooms, members } = roomParts({});
  const alice = await signIn('alice');
  roomLog.inDoubt.push('applied');
  await rooms.joinByPath(alice, 'daily', 'alice');
  await store.removeRoom(alice, 1, 'daily', `${alice.sessionId}:0`);
  const again = await rooms.joinByPath(alice, 'daily', '');
  expect(again.room.outcome).toMatchObject({ case: 'snapshot', value: { ownPeerId: 'alice' } });
  expect(await namedRooms('alice')).toEqual(['daily as alice']);
  await end(alice);
  expect(await members('daily')).toEqual([]);
});

test('R1: a join is refused with its own reason, and takes its room off the record as soon as the store can be reached', async () => {
  const { store, rooms, signIn, namedRooms } = roomParts({});
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  (await rooms.joinByPath(bob, 'daily', 'bob')).afterWelcome();
  for (const keepsRooms of [true, false]) {
    store.keepsRooms = keepsRooms;
    const { room } = await rooms.joinByPath(alice, 'daily', 'bob');
    expect(room.outcome).toMatchObject(refused(ErrorCode.PEER_ID_TAKEN));
    expect(await namedRooms('alice')).toEqual(keepsRooms ? ['daily as bob'] : []);
    expect(alice.joins.size).toBe(0);
  }
});
