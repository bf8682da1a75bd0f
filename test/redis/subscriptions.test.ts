import { expect, onTestFinished, test } from 'vitest';
import { Outage } from '../../src/server/adapter/redis/client/outage.ts';
import { ShardChannels } from '../../src/server/adapter/redis/client/shard-channels.ts';
import { systemClock } from '../../src/shared/clock.ts';
import { quietLog } from '../unit/quiet-log.ts';
import { addressOf } from './log-on-redis.ts';
import { RedisCluster } from './redis-cluster.ts';
import { RedisServer } from './redis-server.ts';

const channel = 'channel:{daily}';

/** The channels of one server, what was heard there, and how often the server said that they are elsewhere. */
function channelsOf(server: RedisServer) {
  const heard: string[] = [];
  const told = { subscribed: 0, moved: 0 };
  const channels = new ShardChannels({
    address: addressOf(server),
    access: { tls: false, database: 0 },
    clock: systemClock,
    deadlineMs: 500,
    log: quietLog,
    outage: new Outage({ server: 'a master', clock: systemClock, log: quietLog }),
    onMoved: () => told.moved++,
  });
  onTestFinished(() => channels.close());
  const listener = {
    onMessage: (message: Buffer) => void heard.push(message.toString()),
    onSubscribed: () => {
      told.subscribed++;
    },
  };
  return { channels, listener, heard, told };
}

/** The channel's slot is at another master than `next`, until it moves. */
async function aboutToMove() {
  const cluster = await RedisCluster.start();
  onTestFinished(() => cluster.stop());
  const slot = await cluster.slotOf(channel);
  const owner = await cluster.masterOf(slot);
  const next = (await cluster.masters()).find((master) => master !== owner);
  if (next === undefined) throw new Error('there are three masters');
  return { next, move: () => cluster.moveSlot(slot, owner, next) };
}

test('N1: a channel that its server sends elsewhere is subscribed once the server has its slot', async () => {
  const { next, move } = await aboutToMove();
  const { channels, listener, heard, told } = channelsOf(next);
  // As a look at the topology may tell it, before the one that it names knows.
  channels.add(channel, listener);
  await expect.poll(() => told.moved).toBeGreaterThan(0);
  expect(told.subscribed).toBe(0);
  await move();
  await expect.poll(() => told.subscribed, { timeout: 5_000 }).toBe(1);
  expect(await next.call('SPUBLISH', channel, 'hello')).toBe(1);
  await expect.poll(() => heard).toEqual(['hello']);
}, 60_000);

test('a channel that is no longer wanted when its server sent it elsewhere is not subscribed', async () => {
  const { next, move } = await aboutToMove();
  const { channels, listener, told } = channelsOf(next);
  channels.add(channel, listener);
  channels.add('{other}', listener);
  await expect.poll(() => told.moved).toBeGreaterThan(0);
  channels.remove(channel, listener);
  await move();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(await next.call('PUBSUB', 'SHARDNUMSUB', channel)).toEqual([channel, 0]);
}, 60_000);

test('a channel is subscribed once its server is no longer busy with a script', async () => {
  const server = await RedisServer.start({ config: ['busy-reply-threshold 50'] });
  onTestFinished(() => server.stop());
  const { channels, listener, told } = channelsOf(server);
  channels.add('first', listener);
  await expect.poll(() => told.subscribed).toBe(1);
  const busy = Promise.resolve(server.call('EVAL', 'while true do end', 0)).catch((error: unknown) => error);
  await expect.poll(() => server.call('PING').catch(String)).toContain('BUSY');
  channels.add('second', listener);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(told.subscribed).toBe(1);
  await server.call('SCRIPT', 'KILL');
  await busy;
  await expect.poll(() => told.subscribed, { timeout: 5_000 }).toBeGreaterThan(1);
  expect(await server.call('PUBSUB', 'SHARDNUMSUB', 'second')).toEqual(['second', 1]);
});
