import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { RoomAccess, RoomRecordSchema } from '../../../../../gen/parley/directory/v1/directory_pb.ts';
import { JoinRoomSchema } from '../../../../../gen/parley/signal/v1/room_pb.ts';
import { MemoryRoomLog } from '../../../../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../../../../src/server/adapter/memory/memory-session-store.ts';
import { decideClose } from '../../../../../src/server/domain/departure.ts';
import { AdmissionDesk } from '../../../../../src/server/feature/room/admission.ts';
import { RoomEntry } from '../../../../../src/server/feature/room/room-entry.ts';
import { RoomFollower } from '../../../../../src/server/feature/room/room-follower.ts';
import { decideAndCommit } from '../../../../../src/server/port/decision.ts';
import type { Directory, JoinDecision } from '../../../../../src/server/port/directory.ts';
import { Session } from '../../../../../src/server/session/session.ts';
import { StreamTails } from '../../../../../src/server/session/stream-tail.ts';
import { FakeClock } from '../../../../contract/fake-clock.ts';
import { quietLog } from '../../../quiet-log.ts';

const policy = { access: RoomAccess.ASK, createOnJoin: true, creatorIsHost: true };

test('R1: a room that ends while a user is let into it begins anew with that user', async () => {
  const clock = new FakeClock();
  const roomLog = new MemoryRoomLog({ clock, keepMs: 60_000, maxBytes: 1_000_000, emptyGraceMs: 0 });
  const store = new MemorySessionStore({ clock, endedKeepMs: 60_000 });
  const answers: ((decision: JoinDecision) => void)[] = [];
  const directory: Directory = {
    getRoom: (roomId) => Promise.resolve(create(RoomRecordSchema, { roomId, policy })),
    authorizeJoin: () => new Promise((resolve) => void answers.push(resolve)),
    getUser: () => Promise.resolve(undefined),
  };
  const noVerifier = () => Promise.reject(new Error('no token is asked for'));
  const desk = new AdmissionDesk(directory, { verify: noVerifier, verifyJoinToken: noVerifier });
  const follower = new RoomFollower(roomLog, store);
  const tails = new StreamTails(roomLog, quietLog);
  const entry = new RoomEntry({ roomLog, store, directory, desk, tails, follower, clock });

  const signIn = async (userId: string) => {
    const ref = { userId, sessionId: `session of ${userId}` };
    await store.open({ ...ref, secretHash: '', node: 'a', policy: 'multiple' });
    return new Session({
      ref,
      gen: 1,
      node: 'a',
      identity: {
        userId,
        displayName: '',
        avatarUrl: '',
        scopes: new Set(['join']),
        rooms: new Map(),
        sessionPolicy: 'multiple',
      },
      wire: { send: () => undefined, close: () => undefined, bufferedBytes: 0 },
      clock,
      log: quietLog,
      acknowledgeWithinMs: 25,
      maxBrokenFrames: 1,
    });
  };
  const join = async (session: Session) => {
    const request = create(JoinRoomSchema, { roomId: 'daily', peerId: session.userId });
    const entered = await entry.join(session, request, session.source(1));
    entered.follow();
    return entered.joined;
  };
  const letIn = async () => {
    await expect.poll(() => answers.length).toBeGreaterThan(0);
    answers.shift()?.({ allowed: true });
  };

  const alice = await signIn('alice');
  const [first] = await Promise.all([join(alice), letIn()]);
  expect(first.created).toBe(true);

  const bob = await signIn('bob');
  const joining = join(bob);
  await expect.poll(() => answers.length).toBe(1);
  await decideAndCommit(roomLog, 'room:daily', alice.source(2), (state) =>
    decideClose(state, 'alice', 'over'),
  );
  await letIn();
  await letIn();
  const second = await joining;
  expect(second.created).toBe(true);
  expect(second.room?.peers.map(({ peerId, permissions }) => [peerId, permissions?.host])).toEqual([
    ['bob', true],
  ]);
  expect(bob.entering.size).toBe(0);
  expect(bob.rooms.has('daily')).toBe(true);
  expect(alice.rooms.size).toBe(0);
  await expect
    .poll(async () => (await store.sessions('alice'))[0]?.rooms.size, { message: 'her record is right' })
    .toBe(0);
});
