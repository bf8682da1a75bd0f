import { createHash } from 'node:crypto';
import { create, fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { SessionListener } from '../../../../src/server/port/session-store.ts';
import type { Session } from '../../../../src/server/session/session.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { adas, ToldWire } from './expiring-sessions.ts';
import { usualSessions } from './usual-options.ts';

/** A client's connection, which keeps what the welcome told it. */
class WelcomedWire extends ToldWire {
  userId = '';
  sessionId = '';
  sessionSecret = '';
  session: Session | undefined;

  override send(frame: OutgoingFrame): void {
    super.send(frame);
    const { frame: sent } = fromBinary(ServerFrameSchema, frame.bytes);
    if (sent.case === 'control' && sent.value.body.case === 'welcome') {
      const { userId, sessionId, sessionSecret } = sent.value.body.value;
      Object.assign(this, { userId, sessionId, sessionSecret });
    }
  }
}

/** The sessions of a node that hears of nothing until `hear`. */
function hardOfHearing() {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const unheard: (() => void)[] = [];
  let listening: SessionListener | undefined;
  const watch = store.watch.bind(store);
  store.watch = (node, listener) => {
    listening = listener;
    return watch(node, { ...listener, onNotice: (notice) => unheard.push(() => listener.onNotice(notice)) });
  };
  const sessions = new Sessions({
    ...usualSessions(store, clock),
    ender: { finish: () => Promise.resolve() },
  });
  sessions.start();
  const signIn = async (resumed?: WelcomedWire) => {
    const wire = new WelcomedWire();
    const resume = resumed && { sessionId: resumed.sessionId, sessionSecret: resumed.sessionSecret };
    const hello = create(HelloSchema, resume && { resume });
    wire.session = await sessions.signIn({ identity: adas(), hello, wire });
    return wire;
  };
  const hear = () => {
    for (const notice of unheard.splice(0)) notice();
  };
  /** What it had not heard is lost, and it hears that something may be. */
  const miss = () => {
    unheard.length = 0;
    listening?.onMissed();
  };
  const signOut = async ({ session }: WelcomedWire) => {
    if (session === undefined) throw new Error('it has signed in');
    await sessions.end(session, 'signed-out');
  };
  return { clock, store, sessions, signIn, signOut, hear, miss };
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

const missedNotices = [
  {
    what: 'was adopted by a node that took this one for dead, and may come back',
    happens: (store: MemorySessionStore) => store.adopt('a', 'b', 10),
    close: 4003,
  },
  {
    what: 'was taken by a later connection, and may not come back',
    happens: async (store: MemorySessionStore, { userId, sessionId, sessionSecret }: WelcomedWire) => {
      const secretHash = createHash('sha256').update(sessionSecret).digest('hex');
      await store.attach({ userId, sessionId, secretHash, node: 'b', windowMs: 5_000, attempt: 0 });
    },
    close: 4300,
  },
  {
    what: 'was replaced by a newer session',
    happens: async (store: MemorySessionStore) => {
      const newer = { userId: 'ada', sessionId: 'newer', secretHash: 'hash', node: 'b', windowMs: 5_000 };
      await store.open({ ...newer, policy: 'replace' });
    },
    close: 4301,
  },
  {
    what: 'was kicked, and is forgotten',
    happens: async (store: MemorySessionStore, { userId, sessionId }: WelcomedWire) => {
      await store.end({ userId, sessionId }, 1, 'kicked');
      await store.forget({ userId, sessionId });
    },
    close: 4303,
  },
];
for (const { what, happens, close } of missedNotices) {
  test(`N3: a connection whose session ${what}, is closed although the notice of it is lost`, async () => {
    const { store, sessions, signIn, miss } = hardOfHearing();
    const wire = await signIn();
    await happens(store, wire);
    expect(wire.told).toEqual(['welcome']);
    miss();
    await expect.poll(() => wire.told).toEqual(['welcome', `close ${close}`]);
    expect(sessions.users).toBe(0);
    sessions.stop();
  });
}

/** From now on what ends a session has its effect, and is answered as `answer` says. */
function endedBut(store: MemorySessionStore, answer: () => Promise<void>): void {
  const end = store.end.bind(store);
  store.end = async (...given) => {
    const record = await end(...given);
    await answer();
    return record;
  };
}

test('a session that signs out is answered before its connection is closed, also where its end is heard of meanwhile', async () => {
  const { store, sessions, signIn, signOut, hear, miss } = hardOfHearing();
  const wire = await signIn();
  let answer = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  endedBut(store, () => answered);
  const signedOut = signOut(wire);
  await new Promise(setImmediate);
  hear();
  miss();
  await new Promise(setImmediate);
  answer();
  await signedOut;
  hear();
  expect(wire.told).toEqual(['welcome']);
  sessions.stop();
});

const lateNotices = [
  { when: 'before that is known', isHeardBefore: true, later: 'nothing' },
  { when: 'after it', isHeardBefore: false, later: 'hear' },
  { when: 'by a look, as the notice is lost', isHeardBefore: false, later: 'miss' },
] as const;
for (const { when, isHeardBefore, later } of lateNotices) {
  test(`a session that signed out without being answered is closed when its end is heard of, ${when}`, async () => {
    const { store, sessions, signIn, signOut, hear, miss } = hardOfHearing();
    const wire = await signIn();
    endedBut(store, async () => {
      await new Promise(setImmediate);
      if (isHeardBefore) hear();
      throw new SignalError(ErrorCode.UNAVAILABLE, 'no answer');
    });
    await expect(signOut(wire)).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
    if (later === 'hear') hear();
    if (later === 'miss') miss();
    await expect.poll(() => wire.told).toEqual(['welcome', 'close 4304']);
    expect(sessions.users).toBe(0);
    sessions.stop();
  });
}

test('N3: a node that hears of nothing at first looks whose its sessions are when it does', async () => {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const watch = store.watch.bind(store);
  let hears = (): void => undefined;
  const hearing = new Promise<void>((resolve) => {
    hears = resolve;
  });
  store.watch = async (node, listener) => {
    await hearing;
    return await watch(node, listener);
  };
  const sessions = new Sessions(usualSessions(store, clock));
  sessions.start();
  const wire = new WelcomedWire();
  await sessions.signIn({ identity: adas(), hello: create(HelloSchema), wire });
  await store.adopt('a', 'b', 10);
  hears();
  await expect.poll(() => wire.told).toEqual(['welcome', 'close 4003']);
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
