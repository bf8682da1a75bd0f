import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ClientFrameSchema, ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { ResumedRoomSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { unimplementedHandlers } from '../../../../src/server/feature/unimplemented/unimplemented-feature.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { Identity, TokenVerifier } from '../../../../src/server/port/token-verifier.ts';
import { Dispatcher } from '../../../../src/server/session/dispatcher.ts';
import type { Handlers } from '../../../../src/server/session/handler.ts';
import type { RoomOnSignIn } from '../../../../src/server/session/returning.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { Connection } from '../../../../src/server/socket/connection.ts';
import { SignInLine } from '../../../../src/server/socket/sign-in-line.ts';
import { UserSeats } from '../../../../src/server/socket/user-seats.ts';
import { CloseCode } from '../../../../src/shared/close-codes.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { uncounted } from '../../uncounted.ts';
import { identityOf, usualSessions } from '../session/usual-options.ts';

const alice = identityOf('alice');

/** SHA-256 of `secret`. */
const secretHash = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';

test('a connection that is gone before its token was verified takes no session from the one that came after it', async () => {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const ref = { userId: 'alice', sessionId: '11111111-2222-4333-8444-555555555555' };
  await store.open({ ...ref, secretHash, node: 'a', windowMs: 5_000, policy: 'multiple' });
  // Keys that are slow to come, as those of a key set may be.
  let verified: (identity: Identity) => void = () => undefined;
  const verifier: TokenVerifier = {
    verify: () =>
      new Promise((resolve) => {
        verified = resolve;
      }),
    verifyJoinToken: () => Promise.reject(new Error('not asked for')),
  };
  const sent: OutgoingFrame[] = [];
  const connect = () => {
    const connection = new Connection({
      wire: {
        send: (frame) => sent.push(frame),
        close: () => undefined,
        bufferedBytes: 0,
        onDrain: () => undefined,
      },
      ...usualOptions(clock),
      line: new SignInLine({ atOnce: 10, waiting: 10, clock }),
      verifier,
      sessions: new Sessions(usualSessions(store, new FakeClock())),
    });
    connection.open();
    connection.receive(resumingHello(ref.sessionId));
    return connection;
  };

  connect().closed(1006);
  verified(alice);
  await new Promise(setImmediate);
  expect(sent).toEqual([]);
  expect((await store.sessions('alice')).map(({ gen }) => gen)).toEqual([1]);

  const living = connect();
  verified(alice);
  await expect.poll(() => sent.length).toBe(1);
  expect((await store.sessions('alice')).map(({ gen }) => gen)).toEqual([2]);
  living.closed(1006);
});

test('X4: one whose turn to sign in does not come in time is told when to come again', async () => {
  const clock = new FakeClock();
  const line = new SignInLine({ atOnce: 1, waiting: 100, clock, random: () => 0 });
  // Each has its turn for as long as it may.
  const turns = Array.from({ length: 100 }, () => line.enter());
  const sent: OutgoingFrame[] = [];
  const closes: number[] = [];
  const never = () => Promise.reject(new Error('not asked for'));
  const connection = new Connection({
    wire: {
      send: (frame) => sent.push(frame),
      close: (code) => closes.push(code),
      bufferedBytes: 0,
      onDrain: () => undefined,
    },
    ...usualOptions(clock),
    line,
    verifier: { verify: never, verifyJoinToken: never },
    sessions: new Sessions(
      usualSessions(new MemorySessionStore({ clock, endedKeepMs: 5_000 }), new FakeClock()),
    ),
    token: 'token',
    awaitHello: false,
  });
  connection.open();
  await clock.advance(5_000);
  expect(closes).toEqual([CloseCode.OVERLOADED]);
  expect(sent.map(({ bytes }) => fromBinary(ServerFrameSchema, bytes).frame.value)).toMatchObject([
    { body: { value: { code: ErrorCode.RATE_LIMITED, retryAfterMs: 1_000 } } },
  ]);
  // It left the line: the next in it is not held up.
  const next = line.enter();
  for (const turn of turns) turn.leave();
  expect(next.hasCome).toBe(true);
});

test('S5: a client whose room can not be reached keeps nobody else from coming back', async () => {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const sessionIds = {
    alice: '11111111-2222-4333-8444-555555555555',
    bob: '11111111-2222-4333-8444-666666666666',
  };
  for (const [userId, sessionId] of Object.entries(sessionIds))
    await store.open({ userId, sessionId, secretHash, node: 'a', windowMs: 5_000, policy: 'multiple' });
  const daily = { peerId: 'alice', join: '1' };
  await store.addRoom({ userId: 'alice', sessionId: sessionIds.alice }, 1, 'daily', daily);
  let giveUp: (room: RoomOnSignIn) => void = () => undefined;
  const usual = usualSessions(store, clock);
  const comeBack = () =>
    new Promise<RoomOnSignIn>((resolve) => {
      giveUp = resolve;
    });
  const sessions = new Sessions({ ...usual, rooms: { ...usual.rooms, comeBack } });
  const line = new SignInLine({ atOnce: 1, waiting: 10, clock });
  const told: unknown[] = [];
  const connect = (userId: 'alice' | 'bob') => {
    const connection = new Connection({
      wire: {
        send: ({ bytes }) => {
          const { frame } = fromBinary(ServerFrameSchema, bytes);
          told.push(frame.case === 'control' ? frame.value.body.value : frame);
        },
        close: () => undefined,
        bufferedBytes: 0,
        onDrain: () => undefined,
      },
      ...usualOptions(clock),
      line,
      verifier: {
        verify: () => Promise.resolve(identityOf(userId)),
        verifyJoinToken: () => Promise.reject(new Error('not asked for')),
      },
      sessions,
    });
    connection.open();
    connection.receive(resumingHello(sessionIds[userId]));
  };
  connect('alice');
  connect('bob');
  await clock.advance(100);
  await expect.poll(() => told).toMatchObject([{ userId: 'bob', resumed: true }]);
  const room = create(ResumedRoomSchema, { roomId: 'daily', outcome: { case: 'settling', value: true } });
  giveUp({ room, afterWelcome: () => undefined });
  await expect.poll(() => told).toMatchObject([{}, { userId: 'alice', resumed: true, rooms: [room] }]);
});

/** What of a connection's options no test here is about. */
function usualOptions(clock: FakeClock) {
  return {
    clock,
    id: 'connection',
    place: { signedIn: () => undefined, leave: () => undefined },
    seats: new UserSeats(10),
    dispatcher: dispatcherOf(clock),
    log: quietLog,
    metrics: uncounted,
    signInTimeoutMs: 5_000,
    maxFrameBytes: 1_000_000,
    token: '',
    awaitHello: true,
  };
}

function dispatcherOf(clock: FakeClock): Dispatcher {
  const handlers = unimplementedHandlers as unknown as Handlers;
  return new Dispatcher({
    handlers,
    maxFrameBytes: 1_000_000,
    requestTimeoutMs: 10_000,
    clock,
    metrics: uncounted,
  });
}

function resumingHello(sessionId: string): Uint8Array {
  const resume = { sessionId, sessionSecret: 'secret' };
  const hello = { token: 'token', resume };
  return toBinary(ClientFrameSchema, create(ClientFrameSchema, { body: { case: 'hello', value: hello } }));
}
