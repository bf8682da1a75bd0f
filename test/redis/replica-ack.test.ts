import { expect, onTestFinished, test } from 'vitest';
import { RedisNodeLeases } from '../../src/server/adapter/redis/redis-node-leases.ts';
import { relayCommit } from '../../src/server/domain/relay.ts';
import type { Commit } from '../../src/server/port/room-log.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { infoField } from './call-redis.ts';
import { inSync } from './in-sync.ts';
import { addressOf, logOn, offsetOf, room, saying } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

async function setUp(ack: 'memory' | 'replica') {
  const primary = await RedisServer.start();
  onTestFinished(() => primary.stop());
  const replica = await RedisServer.start({ replicaOf: primary });
  onTestFinished(() => replica.stop());
  await inSync(replica, primary);
  const node = logOn({ kind: 'server', address: addressOf(primary) }, { ack });
  onTestFinished(() => node.close());
  return { primary, replica, node };
}

test('S6: what was acknowledged by a replica too is there when that takes over', async () => {
  const { primary, replica, node } = await setUp('replica');
  const results = Array.from({ length: 50 }, (_, index) => node.commit(index + 1));
  expect((await Promise.all(results)).map(offsetOf)).toEqual(
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
  await primary.kill();
  await replica.call('REPLICAOF', 'NO', 'ONE');
  const after = logOn({ kind: 'server', address: addressOf(replica) });
  onTestFinished(() => after.close());
  expect((await after.texts()).length).toBe(50);
});

test('without a replica that answers nothing is acknowledged, and the outcome is said to be unknown', async () => {
  const { replica, node } = await setUp('replica');
  expect(offsetOf(await node.commit(1))).toBe(1);
  replica.pause();
  await expect(node.commit(2)).rejects.toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
  replica.resume();
  expect(offsetOf(await node.commit(3))).toBe(3);
}, 20_000);

test('by default the primary alone acknowledges', async () => {
  const { replica, node } = await setUp('memory');
  replica.pause();
  expect(offsetOf(await node.commit(1))).toBe(1);
  replica.resume();
});

test('N3: while no replica answers, what waits for one holds up neither leases nor reads', async () => {
  const { replica, node } = await setUp('replica');
  expect(offsetOf(await node.commit(1))).toBe(1);
  replica.pause();
  onTestFinished(() => replica.resume());
  const outcomes: Promise<unknown>[] = [];
  // Each in a turn of its own.
  for (let number = 0; number < 10; number++) {
    outcomes.push(Promise.resolve(node.commit(1, 'bob', `room:${number}`)).catch((error: unknown) => error));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const beganAtMs = performance.now();
  await new RedisNodeLeases(node.redis).renew('a');
  expect(await node.texts()).toEqual(['ada 1']);
  expect(performance.now() - beganAtMs).toBeLessThan(1_000);
  replica.resume();
  await Promise.all(outcomes);
}, 20_000);

test('S6: what a primary took that is made a replica before another has it is said to be unknown', async () => {
  const { primary, replica, node } = await setUp('replica');
  expect(offsetOf(await node.commit(1))).toBe(1);
  replica.pause();
  onTestFinished(() => replica.resume());
  const outcome = Promise.resolve(node.commit(2)).catch((error: unknown) => error);
  await expect.poll(() => primary.call('XLEN', 'room:{daily}:log'), { interval: 10 }).toBe(2);
  await primary.call('REPLICAOF', '127.0.0.1', replica.port);
  expect(await outcome).toMatchObject({ code: ErrorCode.OUTCOME_UNKNOWN });
}, 30_000);

const member = { sessionId: 'ada', userId: 'ada', gen: 1, node: 'a', info: new Uint8Array() };
const joining: Commit = { ...saying(1), changes: [{ kind: 'add-member', peerId: 'ada', member }] };
const joiningToo: Commit = { ...saying(1, 'bob'), changes: [{ kind: 'add-member', peerId: 'bob', member }] };

test('S6: what a primary has already is written once more when it is sent again, as a replica is waited for by what a connection wrote', async () => {
  const { primary, node } = await setUp('memory');
  const changes = async () =>
    Number(infoField(await primary.call('INFO', 'persistence'), 'rdb_changes_since_last_save'));
  const joined = await node.log.commit(room, joining);
  await node.log.commit(room, joiningToo);
  const position = joined.outcome === 'applied' ? joined.position : { epoch: 0, offset: 0 };
  const relay = relayCommit(
    { id: 'ada', gen: 1, seq: 4 },
    { peerId: 'ada', joined: position },
    'bob',
    new Uint8Array(1),
  );
  for (const commit of [saying(3), relay]) {
    const first = await node.log.commit(room, commit);
    expect(first).toMatchObject({ outcome: 'applied', again: false });
    const before = await changes();
    expect(await node.log.commit(room, commit)).toEqual({ ...first, again: true });
    expect(await changes()).toBeGreaterThan(before);
  }
});
