import { create, fromBinary } from '@bufbuild/protobuf';
import { expect, onTestFinished, test } from 'vitest';
import { ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import type { OutgoingFrame } from '../../../../src/server/frame/outgoing-frame.ts';
import type { Log, LogFields } from '../../../../src/server/port/log.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { identityOf, usualSessions } from './usual-options.ts';

/** A node's sessions, the first of so many users, with the moves that their clients were told and their closes. */
async function drainingSessions(clients: number) {
  const clock = new FakeClock();
  const startedMs = clock.now();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const entries: [string, LogFields | undefined][] = [];
  const note = (event: string, fields?: LogFields) => void entries.push([event, fields]);
  const log: Log = { ...quietLog, info: note, warn: note, child: () => quietLog };
  const sessions = new Sessions({ ...usualSessions(store, clock), log });
  onTestFinished(() => sessions.stop());
  const moves: (readonly [number, number])[] = [];
  const closes: (readonly [number, number])[] = [];
  const wire = {
    bufferedBytes: 0,
    onDrain: () => undefined,
    close: (code: number) => void closes.push([code, clock.now() - startedMs]),
    send({ bytes }: OutgoingFrame) {
      const { frame } = fromBinary(ServerFrameSchema, bytes);
      if (frame.case !== 'control' || frame.value.body.case !== 'goAway') return;
      const { afterMs, untilMs } = frame.value.body.value;
      moves.push([afterMs, untilMs]);
    },
  };
  const signIn = (nth: number) =>
    sessions.signIn({ identity: identityOf(`user-${nth}`), hello: create(HelloSchema), wire });
  const all = await Promise.all(Array.from({ length: clients }, (_, nth) => signIn(nth)));
  return { clock, store, sessions, entries, moves, closes, all };
}

test('S7: each client is told another time, and the drain ends when the last has moved', async () => {
  const { clock, sessions, entries, moves, closes, all } = await drainingSessions(3);
  let isOver = false;
  const drained = sessions.drain({ clientsPerSecond: 2, timeoutMs: 15_000 }).then(() => {
    isOver = true;
  });
  expect(moves).toEqual([
    [0, 5_000],
    [500, 5_500],
    [1_000, 6_000],
  ]);
  for (const session of all) {
    await clock.advance(400);
    expect(isOver).toBe(false);
    await sessions.lost(session);
  }
  await drained;
  expect(closes).toEqual([]);
  expect(clock.pending).toBe(0);
  expect(entries).toEqual([
    ['drain.start', { clients: 3, perSecond: 2 }],
    ['drain.end', { moved: 3, closed: 0, afterMs: 1_200 }],
  ]);
});

test('S7: who has not moved is closed when its own time is over, and may come back from then on', async () => {
  const { clock, store, sessions, entries, closes, all } = await drainingSessions(4);
  const drained = sessions.drain({ clientsPerSecond: 2, timeoutMs: 15_000 });
  const [, second] = all;
  if (second !== undefined) await sessions.lost(second);
  await clock.advance(7_000);
  await drained;
  expect(closes).toEqual([
    [4200, 5_000],
    [4200, 6_000],
    [4200, 6_500],
  ]);
  expect(entries.at(-1)).toEqual(['drain.end', { moved: 1, closed: 3, afterMs: 6_500 }]);
  // The store was told of the last 0.5 s ago, and lets it come back for 5 s: none has ended that should not have.
  await clock.advance(4_400);
  expect(await store.due('a', 10)).toHaveLength(3);
  await clock.advance(100);
  expect(await store.due('a', 10)).toHaveLength(4);
});

test('a pace that is too slow for the time is made faster, which the log says', async () => {
  const { clock, sessions, entries, moves } = await drainingSessions(30);
  const drained = sessions.drain({ clientsPerSecond: 1, timeoutMs: 3_000 });
  await clock.advance(3_000);
  await drained;
  expect(moves[29]).toEqual([1_933, 2_933]);
  expect(entries).toEqual([
    ['drain.start', { clients: 30, perSecond: 15 }],
    ['drain.hurried', { perSecond: 15, wanted: 1, timeoutMs: 3_000 }],
    ['drain.end', { moved: 0, closed: 30, afterMs: 2_933 }],
  ]);
});

test('a node without clients is drained at once', async () => {
  const { sessions, clock } = await drainingSessions(0);
  await sessions.drain({ clientsPerSecond: 1, timeoutMs: 3_000 });
  expect(clock.pending).toBe(0);
});

test('S7: whoever stops waits until the store has heard of the connections that are gone', async () => {
  const { clock, store, sessions, all } = await drainingSessions(1);
  const [session] = all;
  if (session === undefined) throw new Error('no session');
  const detach = store.detach.bind(store);
  let refusals = 2;
  store.detach = (...asked) =>
    refusals-- > 0 ? Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'away')) : detach(...asked);
  const lost = sessions.lost(session);
  let isSettled = false;
  const settled = sessions.settled(60_000).then(() => {
    isSettled = true;
  });
  await clock.advance(0);
  expect(isSettled).toBe(false);
  await clock.advance(4_000);
  await Promise.all([lost, settled]);
  expect(refusals).toBe(-1);
  expect(clock.pending).toBe(0);
});

test('a store that does not answer is not waited for longer than allowed, and no timer is left', async () => {
  const { clock, store, sessions, entries, all } = await drainingSessions(1);
  const [session] = all;
  if (session === undefined) throw new Error('no session');
  store.detach = () => Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'away'));
  const lost = sessions.lost(session);
  const settled = sessions.settled(1_000);
  await clock.advance(1_000);
  await settled;
  expect(entries).toEqual([['sessions.unsettled', { count: 1 }]]);
  sessions.stop();
  await lost;
  expect(clock.pending).toBe(0);
});
