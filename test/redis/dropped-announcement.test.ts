import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { commitArguments } from '../../src/server/adapter/redis/stream/stream-commands.ts';
import { streamPlace } from '../../src/server/adapter/redis/stream/stream-place.ts';
import { eventBody } from '../../src/server/frame/event-body.ts';
import { RawClient } from '../protocol/raw-client.ts';
import { startNodesOnRedis, type TestServer } from '../protocol/test-server.ts';
import { addressOf, connectTo } from './log-on-redis.ts';

const read = (file: string) =>
  readFileSync(new URL(`../../src/server/adapter/redis/${file}`, import.meta.url), 'utf8');

const commitScript = ['lineage.lua', 'stream/stream.lua', 'stream/commit.lua'].map(read).join('\n');
/** As it is but for the announcement, which nobody hears. */
const silentCommit = commitScript.replace(/redis\.call\('SPUBLISH'[^\n]*/, '');

test('N4: the last event of a room whose announcement is lost comes within seconds all the same', async () => {
  // One announcement there, none here.
  expect([...commitScript.matchAll(/SPUBLISH/g)]).toHaveLength(1);
  expect(silentCommit).not.toContain('SPUBLISH');
  const { nodes, redis: server } = await startNodesOnRedis(1);
  const [node] = nodes as readonly [TestServer];
  const client = await RawClient.signIn(node.wsUrl, await node.token('ann'));
  onTestFinished(() => client.close());
  await client.join('daily', randomUUID());
  const redis = connectTo({ kind: 'server', address: addressOf(server) });
  onTestFinished(() => redis.close());
  const { keys } = streamPlace('room:daily');
  const entry = { to: 'all', body: eventBody('roomUpdated', { metadata: { topic: 'unheard' } }) } as const;
  const commit = { source: { id: 'other', gen: 1, seq: 1 }, checks: [], changes: [], entry };
  const args = [7, 60_000, 1_000_000, 1_000, ...commitArguments(commit)];
  await redis.call(keys[0], 'EVAL', silentCommit, keys.length, ...keys, ...args);
  await client.settle();
  expect(client.events('roomUpdated')).toEqual([]);
  await expect.poll(() => client.events('roomUpdated').length, { timeout: 8_000 }).toBe(1);
});
