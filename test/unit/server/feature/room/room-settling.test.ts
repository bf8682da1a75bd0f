import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ServerFrameSchema } from '../../../../../gen/parley/signal/v1/frame_pb.ts';
import { roomParts } from './room-parts.ts';

async function comeBack() {
  const parts = roomParts({});
  const first = await parts.signIn('alice');
  (await parts.rooms.joinByPath(first, 'daily', 'alice')).afterWelcome();
  first.disconnected();
  const second = await parts.signIn('alice', 2);
  parts.roomLog.unreachable = 3;
  const held = { peerId: 'alice', join: `${first.sessionId}:0` };
  const back = await parts.rooms.comeBack(second, 'daily', held, undefined);
  expect(back.room.outcome).toEqual({ case: 'settling', value: true });
  parts.sent.length = 0;
  back.afterWelcome();
  return { ...parts, session: second };
}

test('S5: a room that can not be reached when its session comes back is settling, and what is asked of it waits until it has settled', async () => {
  const { clock, sent, roomLog, session } = await comeBack();
  const turn = session.turns.pending('daily');
  expect(turn).toBeDefined();
  for (let tries = 0; tries < 3; tries++) await clock.advance(2_000);
  await turn;
  const frames = sent.map(({ bytes }) => fromBinary(ServerFrameSchema, bytes).frame);
  expect(frames[0]).toMatchObject({
    case: 'control',
    value: { body: { case: 'roomSettled', value: { roomId: 'daily', outcome: { case: 'snapshot' } } } },
  });
  expect(session.rooms.get('daily')?.peerId).toBe('alice');
  expect((await roomLog.state('room:daily'))?.members.get('alice')?.gen).toBe(2);
});

test('a room is not asked after any more when its client is gone again', async () => {
  const { clock, roomLog, session } = await comeBack();
  session.disconnected();
  await clock.advance(10_000);
  expect(roomLog.unreachable).toBe(2);
  expect(session.turns.pending('daily')).toBeUndefined();
});
