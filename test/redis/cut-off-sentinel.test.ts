import { expect, onTestFinished, test } from 'vitest';
import { Sentinels } from '../../src/server/adapter/redis/client/sentinels.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { quietLog } from '../unit/quiet-log.ts';
import { inSync } from './in-sync.ts';
import { addressOf, connectTo } from './log-on-redis.ts';
import { RedisServer, type RedisServerOptions } from './redis-server.ts';

const name = 'parley';
const access = { tls: false, database: 0 };

async function start(options?: RedisServerOptions): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  onTestFinished(() => server.stop());
  return server;
}

/** A sentinel that takes a server for the primary since so many failovers. Those that name another do not know of it. */
async function sentinelOf(primary: RedisServer, failovers: number): Promise<RedisServer> {
  const sentinel = await RedisServer.startWith('redis-sentinel', () => [
    `sentinel monitor ${name} 127.0.0.1 ${primary.port} 2`,
    `sentinel config-epoch ${name} ${failovers}`,
  ]);
  onTestFinished(() => sentinel.stop());
  return sentinel;
}

/** A node's Redis, and why it is not reached. */
function nodeBy(...sentinels: readonly RedisServer[]) {
  const reasons: string[] = [];
  const redis = connectTo(
    { kind: 'sentinels', sentinels: sentinels.map(addressOf), name, access },
    {
      deadlineMs: 3_000,
      log: { ...quietLog, warn: (_, fields) => reasons.push(String(fields?.['reason'])) },
    },
  );
  onTestFinished(() => redis.close());
  return { redis, reasons };
}

function asked(clock: FakeClock, ...sentinels: readonly RedisServer[]): Sentinels {
  return new Sentinels({ sentinels: sentinels.map(addressOf), name, access, clock, deadlineMs: 60_000 });
}

/** An old primary with the sentinel that was cut off together with it, and a new one with its sentinels. */
async function cutOff() {
  const [old, next] = await Promise.all([start(), start()]);
  const [cut, ...others] = await Promise.all([sentinelOf(old, 1), sentinelOf(next, 2), sentinelOf(next, 2)]);
  return { old, next, cut, others };
}

test('N1: a sentinel that was cut off together with an old primary is not believed, though it is asked first', async () => {
  const { next, cut, others } = await cutOff();
  const { redis } = nodeBy(cut, ...others);
  await expect.poll(() => redis.isAvailable).toBe(true);
  expect(redis.primaries).toEqual([addressOf(next)]);
});

test('N1: who was told of a new primary does not go back when only a cut off sentinel answers any more', async () => {
  const { next, cut, others } = await cutOff();
  const { redis, reasons } = nodeBy(cut, ...others);
  await expect.poll(() => redis.isAvailable).toBe(true);
  for (const other of others) {
    other.pause();
    onTestFinished(() => other.resume());
  }
  await expect.poll(() => reasons).toContain('those sentinels that answer know only an earlier primary');
  expect(redis.primaries).toEqual([addressOf(next)]);
});

test('N1: who was told of a new primary does not go back because most sentinels have not heard of it yet', async () => {
  const { old, next, cut, others } = await cutOff();
  const [knowing] = others;
  const unknowing = await sentinelOf(old, 1);
  const sentinels = asked(new FakeClock(), cut, unknowing, knowing);
  cut.pause();
  expect(await sentinels.primary()).toEqual(addressOf(next));
  cut.resume();
  knowing.pause();
  const named = sentinels.primary();
  await new Promise((resolve) => setTimeout(resolve, 300));
  knowing.resume();
  expect(await named).toEqual(addressOf(next));
});

test('N4: a sentinel that does not answer holds up nobody who has heard most of them, nor for long who has heard one', async () => {
  const primary = await start();
  const sentinel = () => sentinelOf(primary, 1);
  const [first, second, third] = await Promise.all([sentinel(), sentinel(), sentinel()]);
  const clock = new FakeClock();
  const sentinels = asked(clock, first, second, third);
  first.pause();
  onTestFinished(() => first.resume());
  expect(await sentinels.primary()).toEqual(addressOf(primary));

  const sinceMs = clock.monotonicMs();
  second.pause();
  onTestFinished(() => second.resume());
  let named: unknown;
  void sentinels.primary().then((address) => {
    named = address;
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(named).toBeUndefined();
  await expect.poll(() => clock.advance(100).then(() => named)).toEqual(addressOf(primary));
  expect(clock.monotonicMs() - sinceMs).toBeLessThan(10_000);
});

test('N1: a replica that is named the primary is not taken for it before it is one', async () => {
  const former = await start();
  const replica = await start({ replicaOf: former });
  await inSync(replica, former);
  const redis = connectTo({ kind: 'server', address: addressOf(replica) });
  onTestFinished(() => redis.close());
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(redis.isAvailable).toBe(false);
  await replica.call('REPLICAOF', 'NO', 'ONE');
  await expect.poll(() => redis.isAvailable).toBe(true);
});
