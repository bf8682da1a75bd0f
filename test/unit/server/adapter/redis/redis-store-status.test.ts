import { expect, test } from 'vitest';
import { RedisFault } from '../../../../../src/server/adapter/redis/client/redis-fault.ts';
import { RedisStoreStatus } from '../../../../../src/server/adapter/redis/redis-store-status.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../../contract/fake-clock.ts';
import { quietLog } from '../../../quiet-log.ts';

const refusal = (word: string) =>
  new SignalError(ErrorCode.UNAVAILABLE, 'refused', {
    cause: RedisFault.ofReply(new Error(`${word} on purpose`)),
  });
const outOfReach = new SignalError(ErrorCode.UNAVAILABLE, 'away', {
  cause: new RedisFault('not-sent', 'no connection'),
});

/** A Redis that can be reached or not, a probe a second, and what was told and logged. */
function setUp() {
  const clock = new FakeClock();
  let change: (isReached: boolean) => void = () => undefined;
  const reached = {
    isAvailable: true,
    refusals: new Map<string, number>(),
    watch(listener: typeof change) {
      change = listener;
      return { close: () => undefined };
    },
  };
  const logged: string[] = [];
  const tell = (event: string, fields = {}) => void logged.push([event, ...Object.values(fields)].join(' '));
  const status = new RedisStoreStatus({ reached, clock, log: { ...quietLog, info: tell, warn: tell } });
  const told: boolean[] = [];
  status.watch((isAvailable) => {
    expect(status.isAvailable).toBe(isAvailable);
    told.push(isAvailable);
  });
  return {
    told,
    logged,
    probe: async (error?: Error) => {
      await status
        .probe(() => (error === undefined ? Promise.resolve() : Promise.reject(error)))
        .catch((thrown: unknown) => expect(thrown).toBe(error));
      await clock.advance(1_000);
    },
    reach: (isReached: boolean) => {
      reached.isAvailable = isReached;
      change(isReached);
    },
  };
}

test('N4: a Redis that refuses a write for two seconds is as one that is away, until it takes one', async () => {
  const { probe, told, logged } = setUp();
  for (let seconds = 0; seconds < 2; seconds++) await probe(refusal('NOREPLICAS'));
  expect(told).toEqual([]);
  for (let seconds = 0; seconds < 5; seconds++) await probe(refusal('NOREPLICAS'));
  expect(told).toEqual([false]);
  await probe();
  expect(told).toEqual([false, true]);
  expect(logged).toEqual(['redis.refuses_writes NOREPLICAS', 'redis.takes_writes']);
});

test('N4: a Redis that refuses for less than two seconds is not taken for away, however often', async () => {
  const { probe, told, logged } = setUp();
  for (let round = 0; round < 5; round++) {
    await probe(refusal('TRYAGAIN'));
    await probe(refusal('TRYAGAIN'));
    await probe();
  }
  expect(told).toEqual([]);
  expect(logged).toEqual([]);
});

test('O1: each word that Redis refuses writes with is logged once an outage', async () => {
  const { probe, told, logged } = setUp();
  for (let round = 0; round < 2; round++) {
    for (const word of ['OOM', 'OOM', 'OOM', 'OOM', 'MISCONF', 'OOM', 'MISCONF']) await probe(refusal(word));
    await probe();
  }
  const once = ['redis.refuses_writes OOM', 'redis.refuses_writes MISCONF', 'redis.takes_writes'];
  expect(logged).toEqual([...once, ...once]);
  expect(told).toEqual([false, true, false, true]);
});

test('N4: a Redis that goes away while it refuses is back when it is reached and takes a write', async () => {
  const { probe, reach, told } = setUp();
  for (let seconds = 0; seconds < 4; seconds++) await probe(outOfReach);
  expect(told).toEqual([]);
  for (let seconds = 0; seconds < 4; seconds++) await probe(refusal('NOREPLICAS'));
  reach(false);
  await probe(outOfReach);
  reach(true);
  await probe(refusal('NOREPLICAS'));
  expect(told).toEqual([false]);
  await probe();
  expect(told).toEqual([false, true]);
});
