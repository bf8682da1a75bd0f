import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { MemberInfoSchema } from '../../../../gen/parley/bus/v1/state_pb.ts';
import { RoomRecordSchema } from '../../../../gen/parley/directory/v1/directory_pb.ts';
import { PeerSchema, RoomMode } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { decideJoin } from '../../../../src/server/domain/join.ts';
import { decidePutBack, fieldsAfter } from '../../../../src/server/domain/put-back.ts';
import { metadataValue, readRoom, roomField } from '../../../../src/server/domain/room-view.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import { decideAndCommit } from '../../../../src/server/port/decision.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

const room = 'room:daily';
const log = () =>
  new MemoryRoomLog({ clock: new FakeClock(), keepMs: 60_000, maxBytes: 1_000_000, emptyGraceMs: 0 });
const sessionOf = (name: string) => ({ sessionId: `s-${name}`, userId: name, gen: 1, node: 'a' });

function lost(name: string, peerId = name) {
  const peer = create(PeerSchema, { peerId, userId: name, attributes: { name }, joinedAtMs: 7n });
  const memberInfo = toBinary(MemberInfoSchema, create(MemberInfoSchema, { peer, join: `s-${name}:1` }));
  const fields = new Map([[roomField.info, new Uint8Array()]]);
  return { peerId, session: sessionOf(name), memberInfo, fields };
}

test('a lost member is put back as it was, with its room where that is gone, once', async () => {
  const roomLog = log();
  const source = { id: 's-ann', gen: 1, seq: 0 };
  const first = await decideAndCommit(roomLog, room, source, (state) => decidePutBack(state, lost('ann')));
  expect(first).toMatchObject({ kind: 'committed', position: { offset: 1 } });
  const view = readRoom(await roomLog.state(room));
  expect(view?.members.get('ann')).toMatchObject({
    record: { sessionId: 's-ann', node: 'a' },
    peer: { attributes: { name: 'ann' }, joinedAtMs: 7n },
    join: 's-ann:1',
  });
  const again = await decideAndCommit(roomLog, room, source, (state) => decidePutBack(state, lost('ann')));
  expect(again).toEqual({ kind: 'done' });
});

test('a member whose peer id is held by another by now is not put back', async () => {
  const roomLog = log();
  await decideAndCommit(roomLog, room, { id: 's-ann', gen: 1, seq: 0 }, (state) =>
    decidePutBack(state, lost('ann')),
  );
  const taken = decidePutBack(await roomLog.state(room), lost('bob', 'ann'));
  expect(taken).toMatchObject({ kind: 'refuse', error: { code: ErrorCode.PEER_ID_TAKEN } });
  // Nor where the session has come in again as another.
  const other = decidePutBack(await roomLog.state(room), lost('ann', 'someone'));
  expect(other).toMatchObject({ kind: 'refuse' });
});

test('a room that others began anew keeps what it began with', async () => {
  const roomLog = log();
  const seed = create(RoomRecordSchema, { policy: { createOnJoin: true }, metadata: { topic: 'new' } });
  await decideAndCommit(roomLog, room, { id: 's-bob', gen: 1, seq: 1 }, (state) =>
    decideJoin(state, {
      ...{ peerId: 'bob', session: sessionOf('bob'), join: 's-bob:1', displayName: '', avatarUrl: '' },
      ...{ attributes: {}, nowMs: 9, seed },
    }),
  );
  await decideAndCommit(roomLog, room, { id: 's-ann', gen: 1, seq: 0 }, (state) =>
    decidePutBack(state, lost('ann')),
  );
  const view = readRoom(await roomLog.state(room));
  expect(view?.metadata).toEqual({ topic: 'new' });
  expect([...(view?.members.keys() ?? [])]).toEqual(['bob', 'ann']);
});

test('the fields of a room follow its events', () => {
  const before = new Map([[roomField.info, Uint8Array.of(1)]]);
  const updated = fieldsAfter(before, eventBody('roomUpdated', { metadata: { topic: 'ships' } }));
  expect(updated?.get(roomField.info)).toEqual(Uint8Array.of(1));
  expect(updated?.get(roomField.metadata)).toEqual(metadataValue({ topic: 'ships' }));
  const changed = fieldsAfter(before, eventBody('modeChanged', { mode: RoomMode.SFU }));
  expect(changed?.get(roomField.mode)).toEqual(Uint8Array.of(RoomMode.SFU));
  expect(fieldsAfter(before, eventBody('peerJoined', {}))).toBeUndefined();
});
