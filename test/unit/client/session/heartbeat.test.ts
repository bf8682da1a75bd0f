import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { LivenessSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { Heartbeat } from '../../../../src/client/session/heartbeat.ts';
import { Patience } from '../../../../src/client/session/patience.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

/** Bytes of a heartbeat that wait in the socket for a moment. */
const heartbeatBytes = 4;

/** A client, and what it does: `seen` tells it, with the second in which it did it. */
function start() {
  const clock = new FakeClock();
  const patience = new Patience();
  const startMs = clock.monotonicMs();
  const seen: string[] = [];
  const see = (what: string) => seen.push(`${what} at ${(clock.monotonicMs() - startMs) / 1_000}`);
  /** It has a new connection. */
  const listen = (liveness: { heartbeatIntervalMs?: number; pingTimeoutMs?: number } = {}) => {
    let [heardAtMs, isLost] = [clock.monotonicMs(), false];
    let askedAtMs: number | undefined;
    const connection = {
      bufferedBytes: 0,
      get silentMs() {
        return clock.monotonicMs() - heardAtMs;
      },
      drop() {
        isLost = true;
        see('lost');
      },
    };
    const heartbeat = new Heartbeat({
      connection,
      liveness: create(LivenessSchema, liveness),
      patience,
      clock,
      beat() {
        connection.bufferedBytes += heartbeatBytes;
        see('beat');
      },
      owedSinceMs: () => askedAtMs,
    });
    return {
      connection,
      heartbeat,
      /** A request goes out. */
      ask: () => {
        askedAtMs ??= clock.monotonicMs();
        heartbeat.asked();
      },
      /** Something comes, which may be the answer. */
      hear: ({ isAnswer = false } = {}) => {
        heardAtMs = clock.monotonicMs();
        if (isAnswer) askedAtMs = undefined;
      },
      /** Nothing comes any more. Resolves to how long the client took to notice, in seconds. */
      silence: async () => {
        const fromMs = clock.monotonicMs();
        while (!isLost) await clock.advance(500);
        return (clock.monotonicMs() - fromMs) / 1_000;
      },
    };
  };
  return { clock, seen, listen };
}

test('S4, N3: a request without an answer for 2 s is followed by a heartbeat, and 3 s of silence later by the end', async () => {
  const { clock, seen, listen } = start();
  const { ask } = listen();
  await clock.advance(500);
  ask();
  await clock.advance(20_000);
  expect(seen).toEqual(['beat at 2.5', 'lost at 5.5']);
  expect(clock.pending).toBe(0);
});

test('S4: who asks after a long silence gives the server the same 2 s', async () => {
  const { clock, seen, listen } = start();
  const { ask, hear } = listen();
  await clock.advance(9_000);
  ask();
  await clock.advance(900);
  hear({ isAnswer: true });
  await clock.advance(0);
  expect(seen).toEqual([]);
});

test('S4: as long as something comes, an answer may be due for longer', async () => {
  const { clock, seen, listen } = start();
  const { ask, hear } = listen();
  ask();
  for (let time = 0; time < 6; time++) {
    await clock.advance(1_500);
    hear();
  }
  expect(seen).toEqual([]);
});

test('S4: requests that are answered cause no heartbeats, and leave no timer but the next', async () => {
  const { clock, seen, listen } = start();
  const { ask, hear } = listen();
  for (let time = 0; time < 5; time++) {
    ask();
    await clock.advance(100);
    hear({ isAnswer: true });
    await clock.advance(1_800);
  }
  expect(seen).toEqual([]);
  await clock.advance(400);
  expect(clock.pending).toBe(1);
});

test('S4: whatever comes after a heartbeat is its answer; while the request is still due, another follows 2 s later', async () => {
  const { clock, seen, listen } = start();
  const { ask, hear } = listen();
  ask();
  await clock.advance(4_900);
  hear();
  await clock.advance(1_900);
  expect(seen).toEqual(['beat at 2']);
  await clock.advance(5_000);
  expect(seen).toEqual(['beat at 2', 'beat at 6.9', 'lost at 9.9']);
});

test('S4, N3: a client that asks for nothing notices a silent server 3 s after its next heartbeat', async () => {
  const { clock, seen, listen } = start();
  const { hear } = listen();
  await clock.advance(10_000);
  await clock.advance(2_900);
  hear();
  await clock.advance(20_000);
  expect(seen).toEqual(['beat at 10', 'beat at 20', 'lost at 23']);
});

test('S4: more heartbeats give a silent server no more time', async () => {
  const { clock, seen, listen } = start();
  listen({ heartbeatIntervalMs: 1_000 });
  await clock.advance(10_000);
  expect(seen).toEqual(['beat at 1', 'beat at 2', 'beat at 3', 'beat at 4', 'lost at 4']);
});

test('S4: a server that gives a silent connection less time is taken at its word', async () => {
  const { listen } = start();
  const { ask, silence } = listen({ pingTimeoutMs: 500 });
  ask();
  expect(await silence()).toBe(2.5);
  const next = listen({ pingTimeoutMs: 1_500 });
  next.ask();
  expect(await next.silence()).toBe(3.5);
});

test('L1: a connection that is asked after a wake has 3 s to answer, from the last time that it is asked', async () => {
  const { clock, seen, listen } = start();
  const { heartbeat, hear } = listen();
  heartbeat.probe();
  await clock.advance(2_000);
  hear();
  await clock.advance(2_000);
  heartbeat.probe();
  await clock.advance(2_000);
  heartbeat.probe();
  await clock.advance(5_000);
  expect(seen).toEqual(['beat at 0', 'beat at 4', 'beat at 6', 'lost at 9']);
});

test('S4: while the network takes what waits before the heartbeat, the connection is not lost', async () => {
  const { clock, seen, listen } = start();
  const { connection, ask } = listen({ heartbeatIntervalMs: 60_000 });
  ask();
  await clock.advance(1_900);
  connection.bufferedBytes = 100_000;
  await clock.advance(2_500);
  connection.bufferedBytes = 60_000;
  await clock.advance(2_500);
  connection.bufferedBytes = 20_000;
  await clock.advance(100);
  expect(seen).toEqual(['beat at 2']);
  await clock.advance(10_000);
  // It was seen at 7 that some was taken; what stands in the buffer is no life.
  expect(seen).toEqual(['beat at 2', 'lost at 10']);
});

test('S4: that a socket takes the heartbeat itself says nothing of the network', async () => {
  const { clock, seen, listen } = start();
  const { connection, ask } = listen();
  ask();
  await clock.advance(2_000);
  expect(connection.bufferedBytes).toBe(heartbeatBytes);
  connection.bufferedBytes = 0;
  await clock.advance(10_000);
  expect(seen).toEqual(['beat at 2', 'lost at 5']);
});

test('S4: a program that stood still as the time ran out asks anew', async () => {
  const { clock, seen, listen } = start();
  const { ask, hear } = listen();
  ask();
  await clock.advance(4_500);
  clock.stall(1_600);
  await clock.advance(0);
  expect(seen).toEqual(['beat at 2', 'beat at 6.1']);
  await clock.advance(1);
  hear({ isAnswer: true });
  await clock.advance(3_800);
  expect(seen).toEqual(['beat at 2', 'beat at 6.1']);
});

test('S4: a program whose timers are always late notices a silent server the second time', async () => {
  const { clock, seen, listen } = start();
  listen({ heartbeatIntervalMs: 1_000_000 }).ask();
  for (let minute = 0; minute < 3; minute++) {
    clock.stall(60_000);
    await clock.advance(0);
  }
  expect(seen).toEqual(['beat at 60', 'beat at 120', 'lost at 180']);
});

test('S4: a timer that is a little late is believed', async () => {
  const { clock, seen, listen } = start();
  listen().ask();
  await clock.advance(4_500);
  clock.stall(1_400);
  await clock.advance(0);
  expect(seen).toEqual(['beat at 2', 'lost at 5.9']);
});

test('S4, S5: where one connection after the other falls silent, the client waits longer, up to the ping timeout', async () => {
  const { listen } = start();
  const took: number[] = [];
  for (let time = 0; time < 7; time++) {
    const { ask, silence } = listen({ heartbeatIntervalMs: 100_000, pingTimeoutMs: 40_000 });
    ask();
    took.push(await silence());
  }
  expect(took).toEqual([5, 5, 8, 14, 26, 42, 42]);
});

test('S4, S5: a heartbeat that is answered in time ends the longer patience, also on the same connection; a late one does not', async () => {
  const { clock, listen } = start();
  for (let time = 0; time < 3; time++) {
    const { ask, silence } = listen();
    ask();
    await silence();
  }
  const { ask, heartbeat, hear, silence } = listen();
  const askAndHearAfter = async (ms: number) => {
    heartbeat.probe();
    await clock.advance(ms);
    hear();
    await clock.advance(1_000);
  };
  await askAndHearAfter(3_500);
  ask();
  await clock.advance(7_000);
  hear({ isAnswer: true });
  await clock.advance(1_000);
  await askAndHearAfter(1_500);
  ask();
  expect(await silence()).toBe(5);
});
