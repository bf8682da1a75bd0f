import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { adas, ToldWire } from './expiring-sessions.ts';
import { usualSessions } from './usual-options.ts';

const endedKeepMs = 5_000;

test('a session that ended here is not put back, however late its connection closes', async () => {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs });
  const finish = () => Promise.resolve();
  const sessions = new Sessions({ ...usualSessions(store, clock), ender: { finish } });
  const hello = create(HelloSchema);
  const session = await sessions.signIn({ identity: adas(), hello, wire: new ToldWire() });
  await sessions.end(session, 'signed-out');
  await store.forget(session);
  // By now the store does not know of it any more than if it had lost it.
  await clock.advance(endedKeepMs + 1);
  await sessions.lost(session);
  expect(await store.due('a', 10)).toEqual([]);
  expect(await store.sessions('ada')).toEqual([]);
  sessions.stop();
});
