import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ServerFrameSchema } from '../../../../../gen/parley/signal/v1/frame_pb.ts';
import type { ResumedRoom } from '../../../../../gen/parley/signal/v1/session_pb.ts';
import { roomParts } from './room-parts.ts';

/** Alice, who was in the room, on a new connection. */
async function setUp() {
  const parts = roomParts({});
  const first = await parts.signIn('alice');
  (await parts.rooms.joinByPath(first, 'daily', 'alice')).afterWelcome();
  first.disconnected();
  const session = await parts.signIn('alice', 2);
  const held = { peerId: 'alice', join: `${first.sessionId}:0` };
  return {
    ...parts,
    session,
    comeBack: () => parts.rooms.comeBack(session, 'daily', held, undefined),
    /** What the client was told of how its rooms stand, after the welcome. */
    told: () =>
      parts.sent.map(({ bytes }) => {
        const { frame } = fromBinary(ServerFrameSchema, bytes);
        return frame.case === 'control' ? frame.value.body : frame;
      }),
  };
}

async function settling() {
  const parts = await setUp();
  parts.roomLog.unreachable = 3;
  const back = await parts.comeBack();
  expect(back.room.outcome).toEqual({ case: 'settling', value: true });
  parts.sent.length = 0;
  back.afterWelcome();
  return parts;
}

/** The same, with a shard that does not answer. */
async function settlingInSilence() {
  const parts = await setUp();
  const answer = parts.roomLog.holdAttachments();
  let room: ResumedRoom | undefined;
  void parts.comeBack().then((back) => {
    room = back.room;
    parts.sent.length = 0;
    back.afterWelcome();
  });
  await parts.clock.advance(499);
  expect(room).toBeUndefined();
  await parts.clock.advance(1);
  expect(room?.outcome).toEqual({ case: 'settling', value: true });
  return { ...parts, answer };
}

test('S5: a room that can not be reached when its session comes back is settling, and what is asked of it waits until it has settled', async () => {
  const { clock, told, roomLog, session } = await settling();
  const turn = session.turns.pending('daily');
  expect(turn).toBeDefined();
  for (let tries = 0; tries < 3; tries++) await clock.advance(2_000);
  await turn;
  expect(told()[0]).toMatchObject({
    case: 'roomSettled',
    value: { roomId: 'daily', outcome: { case: 'snapshot' } },
  });
  expect(session.rooms.get('daily')?.peerId).toBe('alice');
  expect((await roomLog.state('room:daily'))?.members.get('alice')?.gen).toBe(2);
});

test('a room is not asked after any more when its client is gone again', async () => {
  const { clock, roomLog, session } = await settling();
  session.disconnected();
  await clock.advance(10_000);
  expect(roomLog.unreachable).toBe(2);
  expect(session.turns.pending('daily')).toBeUndefined();
});

test('S5: a room whose shard does not answer is settling after a moment, and follows as soon as it does', async () => {
  const { roomLog, session, told, answer } = await settlingInSilence();
  const turn = session.turns.pending('daily');
  expect(turn).toBeDefined();
  expect(told()).toEqual([]);
  answer();
  await turn;
  expect(told()).toMatchObject([{ case: 'roomSettled', value: { outcome: { case: 'snapshot' } } }]);
  expect(session.rooms.get('daily')?.peerId).toBe('alice');
  expect(roomLog.attachments).toBe(1);
});

test('a client that is gone when the shard of its room answers follows nothing', async () => {
  const { tails, session, answer } = await settlingInSilence();
  const turn = session.turns.pending('daily');
  session.disconnected();
  answer();
  await turn;
  expect(session.rooms.size).toBe(0);
  expect(tails.size).toBe(0);
});
