import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ClientFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { RelayFeature } from '../../../../src/server/feature/relay/relay-feature.ts';
import { type ClientFrameView, readClientFrame } from '../../../../src/server/frame/client-frame.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { uncounted } from '../../uncounted.ts';
import { roomParts } from './room/room-parts.ts';

const roomId = 'daily';
const [annsPeer, bensPeer] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];

type Asked = NonNullable<MessageInitShape<typeof ClientFrameSchema>['body']>;

function frame(id: number, body: Asked): ClientFrameView {
  const read = readClientFrame(toBinary(ClientFrameSchema, create(ClientFrameSchema, { id, body })), 10_000);
  if (!read.ok) throw read.error;
  return read.frame;
}

/** Ann and Ben in a room, and the handlers of what they ask for. */
async function setUp() {
  const parts = roomParts({ permissions: { relay: true } });
  const enter = async (userId: string, peerId: string) => {
    const session = await parts.signIn(userId);
    (await parts.rooms.joinByPath(session, roomId, peerId)).afterWelcome();
    return session;
  };
  const [ann, ben] = [await enter('ann', annsPeer), await enter('ben', bensPeer)];
  const { relay } = new RelayFeature(parts.roomLog, parts.rooms, parts.clock, uncounted).handlers;
  return {
    ...parts,
    ann,
    ben,
    relay: async (id: number) => {
      const body = { kind: { case: 'signal', value: { type: 'ping' } } } as const;
      return relay(ann, frame(id, { case: 'relay', value: { roomId, to: bensPeer, body } }));
    },
    update: async (id: number) => {
      const asked = { case: 'updatePeer', value: { roomId, attributes: { name: 'Ann' } } } as const;
      return parts.rooms.handlers.updatePeer(ann, frame(id, asked));
    },
  };
}

test('P2: a relay that is refused while it may be on its way still is in doubt, and may have its effect yet', async () => {
  const { ben, roomLog, relay, end, events } = await setUp();
  expect(await relay(1)).toEqual({});
  roomLog.refuseInDoubt = () => Promise.resolve();
  await expect(relay(2)).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  await roomLog.arriveLate();
  expect((await events(roomId)).filter((event) => event === 'relay')).toHaveLength(2);
  await end(ben);
  await expect(relay(3)).rejects.toMatchObject({ code: ErrorCode.PEER_NOT_FOUND });
});

test('N4: what is refused in doubt since the store has lost the room is not said to have had no effect, and the room is put back', async () => {
  const { ann, roomLog, update } = await setUp();
  roomLog.refuseInDoubt = () => {
    roomLog.lose();
    return Promise.resolve();
  };
  await expect(update(1)).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  expect(ann.unsettled.has(roomId)).toBe(true);
});
