import { expect, test } from 'vitest';
import { MemoryRoomLog } from '../../../../src/server/adapter/memory/memory-room-log.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { RoomLeaver } from '../../../../src/server/liveness/room-leaver.ts';
import type { SessionRecord } from '../../../../src/server/port/session-store.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';

const room = 'room:daily';
const member = { sessionId: 's1', userId: 'ada', gen: 1, node: 'a', info: new Uint8Array() };

function setUp() {
  const clock = new FakeClock();
  const roomLog = new MemoryRoomLog({ clock, keepMs: 60_000, maxBytes: 10_000, emptyGraceMs: 60_000 });
  const logged: string[] = [];
  const log = { ...quietLog, info: (event: string) => void logged.push(event) };
  const makeLeaver = () =>
    new RoomLeaver(roomLog, new MemorySessionStore({ clock, endedKeepMs: 60_000 }), log);
  const record: SessionRecord = {
    userId: 'ada',
    sessionId: 's1',
    gen: 1,
    node: 'a',
    windowMs: 5_000,
    ended: 'lost',
    rooms: new Map([['daily', { peerId: 'peer', join: 's1:1' }]]),
  };
  const join = (seq: number) =>
    roomLog.commit(room, {
      source: { id: 's1', gen: 1, seq },
      checks: [],
      changes: [{ kind: 'add-member', peerId: 'peer', member }],
      entry: { to: 'all', body: new Uint8Array([1]) },
    });
  const members = async () => (await roomLog.state(room))?.members.size;
  const entries = async () => {
    const { epoch = 0 } = (await roomLog.state(room))?.head ?? {};
    const read = await roomLog.read(room, { epoch, offset: 0 }, 10_000);
    return read.good ? read.entries.length : 0;
  };
  return { makeLeaver, record, join, members, entries, logged };
}

test('R3: a session that is finished while it is being finished leaves its rooms once, also in the log', async () => {
  const { makeLeaver, record, join, members, logged } = setUp();
  const leaver = makeLeaver();
  join(1);
  await Promise.all([leaver.finish(record), leaver.finish(record)]);
  expect(await members()).toBe(0);
  expect(logged).toEqual(['room.leave']);
});

test('R3: a session that several nodes finish leaves its room once, and what it still had on its way has no effect', async () => {
  const { makeLeaver, record, join, members, entries } = setUp();
  const nodes = [makeLeaver(), makeLeaver()];
  join(1);
  await Promise.all(nodes.map((leaver) => leaver.finish(record)));
  expect(join(2)).toEqual({ outcome: 'stale' });
  for (const leaver of nodes) await leaver.finish(record);
  expect(await members()).toBe(0);
  expect(await entries()).toBe(2);
});
