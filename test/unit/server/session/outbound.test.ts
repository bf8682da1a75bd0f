import { expect, test } from 'vitest';
import type { ServerFrame } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import { controlFrame, publishedFrame } from '../../../../src/server/frame/server-frame.ts';
import { Outbound, type Puller } from '../../../../src/server/session/outbound.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { SlowWire } from './slow-wire.ts';

const limits = { budgetBytes: 1_000, maxBytes: 5_000 };

function setUp() {
  const wire = new SlowWire();
  const clock = new FakeClock();
  let overflows = 0;
  const failures: unknown[] = [];
  const log = { ...quietLog, error: (_: string, error: unknown) => void failures.push(error) };
  const outbound = new Outbound({ wire, limits, clock, log, onOverflow: () => overflows++ });
  return { wire, clock, outbound, failures, overflows: () => overflows };
}

function frameOf(bytes: number) {
  return controlFrame({ body: { case: 'goAway', value: { reason: 'x'.repeat(bytes) } } });
}

function typing(userId: string, isTyping: boolean) {
  return publishedFrame('daily', eventBody('typing', { userId, typing: isTyping }));
}

/** Who each frame says is typing, or not. */
function typed(frames: readonly ServerFrame[]) {
  return frames.map(({ frame }) => {
    const { body } = frame.case === 'event' ? frame.value : {};
    return body?.case === 'typing' ? [body.value.userId, body.value.typing] : undefined;
  });
}

test('X3: of what is only published the latest of each key waits for a slow reader, the latest last', () => {
  const { wire, outbound } = setUp();
  outbound.publish('typing:ada', typing('ada', true));
  expect(wire.frames).toHaveLength(1);
  outbound.send(frameOf(limits.budgetBytes));
  for (let times = 0; times < 1_000; times++) {
    outbound.publish('typing:ada', typing('ada', times % 2 === 0));
    outbound.publish('typing:bob', typing('bob', times % 2 === 1));
  }
  outbound.publish('typing:ada', typing('ada', true));
  expect(wire.frames).toHaveLength(2);
  wire.drain();
  expect(typed(wire.frames.slice(2))).toEqual([
    ['bob', true],
    ['ada', true],
  ]);
});

test('X3: keys without end do not add up, those published longest ago go', () => {
  const { wire, outbound } = setUp();
  outbound.send(frameOf(limits.budgetBytes));
  for (let user = 0; user < 2_000; user++) outbound.publish(`typing:${user}`, typing(`${user}`, true));
  for (let drains = 0; drains < 100; drains++) wire.drain();
  const users = Array.from({ length: 1_024 }, (_, index) => [`${2_000 - 1_024 + index}`, true]);
  expect(typed(wire.frames.slice(1))).toEqual(users);
});

test('X3: replies go out beyond the budget, and past the limit the connection is given up', () => {
  const { wire, outbound, overflows } = setUp();
  for (let times = 0; times < 5; times++) outbound.send(frameOf(1_200));
  expect(wire.frames).toHaveLength(5);
  expect(overflows()).toBe(0);
  outbound.send(frameOf(1));
  expect(overflows()).toBe(1);
  outbound.send(frameOf(1));
  wire.drain();
  outbound.send(frameOf(1));
  expect(wire.frames).toHaveLength(5);
  expect(overflows()).toBe(1);
});

test('one frame that is longer than the limit goes out where nothing waits', () => {
  const { wire, outbound, overflows } = setUp();
  outbound.send(frameOf(3 * limits.maxBytes));
  expect(wire.frames).toHaveLength(1);
  expect(overflows()).toBe(0);
});

test('X3: many that pull take turns and together keep to the budget', async () => {
  const { wire, outbound } = setUp();
  const pulled: string[] = [];
  const pullerOf = (name: string): Puller => {
    let left = 5;
    return {
      pull: async (maxBytes) => {
        await new Promise(setImmediate);
        expect(maxBytes).toBeGreaterThan(0);
        pulled.push(name);
        outbound.send(frameOf(400));
        return --left > 0;
      },
    };
  };
  for (const name of ['a', 'b', 'c']) outbound.enqueue(pullerOf(name));
  for (let drains = 0; pulled.length < 15 && drains < 100; drains++) {
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    wire.drain();
  }
  expect(pulled).toHaveLength(15);
  expect(pulled.slice(0, 6)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  expect(wire.mostBufferedBytes).toBeLessThan(limits.budgetBytes + 500);
});

test('a pull that failed is tried again after a while, and one asked for while it ran is not forgotten', async () => {
  const { clock, outbound } = setUp();
  const outcomes = ['fail', 'again', 'done', 'done'];
  const seen: string[] = [];
  const puller: Puller = {
    pull: async () => {
      await new Promise(setImmediate);
      const outcome = outcomes.shift() ?? 'too often';
      seen.push(outcome);
      if (outcome === 'fail') throw new Error('on purpose');
      if (outcome === 'again') outbound.enqueue(puller);
      return false;
    },
  };
  outbound.enqueue(puller);
  await expect.poll(() => seen).toEqual(['fail']);
  await clock.advance(2_000);
  await expect.poll(() => seen).toEqual(['fail', 'again', 'done']);
  expect(clock.pending).toBe(0);
});

test('a pull from a log that is away for now is tried again without being logged as a failure', async () => {
  const { clock, outbound, failures } = setUp();
  const away = new SignalError(ErrorCode.UNAVAILABLE, 'out of reach');
  const broken = new Error('on purpose');
  const errors = [away, away, broken];
  outbound.enqueue({
    pull: () => {
      const error = errors.shift();
      return error === undefined ? Promise.resolve(false) : Promise.reject(error);
    },
  });
  await expect.poll(() => clock.advance(2_000).then(() => errors.length)).toBe(0);
  await expect.poll(() => failures).toEqual([broken]);
});

test('when it is closed nothing is left to pull, to wait for, or to do later', async () => {
  const { wire, clock, outbound } = setUp();
  outbound.send(frameOf(limits.budgetBytes));
  const waiting = outbound.room();
  outbound.enqueue({ pull: () => Promise.reject(new Error('nobody may pull')) });
  outbound.close();
  await waiting;
  wire.drain();
  await clock.advance(10_000);
  expect(clock.pending).toBe(0);
  expect(wire.frames).toHaveLength(1);
});

test('X1: what fails as a wire drains closes that connection, and whoever drained it does not notice', () => {
  const { wire, outbound } = setUp();
  outbound.send(frameOf(limits.budgetBytes));
  outbound.publish('typing:ada', typing('ada', true));
  wire.send = () => {
    throw new Error('on purpose');
  };
  wire.drain();
  expect(wire.closedWith).toBe(4002);
});

test('what was withdrawn has no turn any more', async () => {
  const { wire, outbound } = setUp();
  let pulls = 0;
  const puller: Puller = { pull: () => Promise.resolve(++pulls < 0) };
  outbound.send(frameOf(limits.budgetBytes));
  outbound.enqueue(puller);
  outbound.withdraw(puller);
  wire.drain();
  await new Promise(setImmediate);
  expect(pulls).toBe(0);
});
