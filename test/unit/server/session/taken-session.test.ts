import { create, fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { SessionNotice } from '../../../../src/server/port/session-store.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { adas, ToldWire } from './expiring-sessions.ts';
import { usualSessions } from './usual-options.ts';

/** A client's connection, which keeps what the welcome told it. */
class WelcomedWire extends ToldWire {
  sessionId = '';
  sessionSecret = '';

  override send(frame: OutgoingFrame): void {
    super.send(frame);
    const { frame: sent } = fromBinary(ServerFrameSchema, frame.bytes);
    if (sent.case === 'control' && sent.value.body.case === 'welcome') {
      ({ sessionId: this.sessionId, sessionSecret: this.sessionSecret } = sent.value.body.value);
    }
  }
}

/** The sessions of a node that hears of nothing until `hear`. */
function hardOfHearing() {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const unheard: (() => void)[] = [];
  const watch = store.watch.bind(store);
  store.watch = (node, listener) =>
    watch(node, (notice: SessionNotice) => unheard.push(() => listener(notice)));
  const sessions = new Sessions(usualSessions(store, clock));
  sessions.start();
  const signIn = async (resumed?: WelcomedWire) => {
    const wire = new WelcomedWire();
    const resume = resumed && { sessionId: resumed.sessionId, sessionSecret: resumed.sessionSecret };
    const hello = create(HelloSchema, resume && { resume });
    await sessions.signIn({ identity: adas(), hello, wire });
    return wire;
  };
  const hear = () => {
    for (const notice of unheard.splice(0)) notice();
  };
  return { clock, store, sessions, signIn, hear };
}

test('S3: a connection that another of its session replaces is closed, however late the node hears of it', async () => {
  const { sessions, signIn, hear } = hardOfHearing();
  const first = await signIn();
  const second = await signIn(first);
  expect(first.told).toEqual(['welcome', 'close 4300']);
  hear();
  expect(first.told).toEqual(['welcome', 'close 4300']);
  expect(second.told).toEqual(['welcome']);
  expect(sessions.users).toBe(1);
  sessions.stop();
});

test('N3: a node that stood still sends its clients elsewhere, and their windows begin', async () => {
  const { clock, store, sessions, signIn } = hardOfHearing();
  const wires = [await signIn(), await signIn()];
  sessions.sendAway();
  for (const { told } of wires) expect(told).toEqual(['welcome', 'close 4200']);
  expect(sessions.users).toBe(0);
  await clock.advance(4_999);
  expect(await store.due('a', 10)).toHaveLength(0);
  await clock.advance(1);
  expect(await store.due('a', 10)).toHaveLength(2);
  sessions.stop();
});
