import { setTimeout as delay } from 'node:timers/promises';
import type { RedisServer } from '../../redis/redis-server.ts';

const lookEveryMs = 250;
const scanned = 1_000;

/**
 * Which keys and sharded channels are in Redis that should not be once nobody is connected and all that is kept for a while is
 * over, a sentence each: looks until there are none, and at last when the time is up. `nodes`: the names of those that run.
 */
export async function leftInRedis(
  redis: RedisServer,
  nodes: readonly string[],
  timeoutMs: number,
): Promise<readonly string[]> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = [...(await keysLeft(redis, nodes)), ...(await channelsLeft(redis, nodes))];
    if (found.length === 0 || performance.now() >= deadlineMs) return found;
    await delay(lookEveryMs);
  }
}

/** How many keys there are. */
export async function keyCount(redis: RedisServer): Promise<number> {
  return Number(await redis.call('DBSIZE'));
}

async function keysLeft(redis: RedisServer, nodes: readonly string[]): Promise<readonly string[]> {
  // The registry of nodes: its names, and a counter for each that runs.
  const registry = new Set(['nodes', ...nodes.map((node) => `node:{${node}}`)]);
  const left: string[] = [];
  for (const key of await allKeys(redis)) {
    if (registry.has(key)) continue;
    const ttlMs = Number(await redis.call('PTTL', key));
    // The cached record of a room, which is good without the room, for as long as ROOM_CACHE_TTL_MS says.
    const isCached = /^room:\{[^}]*\}$/.test(key) && ttlMs > 0;
    const isGone = ttlMs === -2;
    if (!isCached && !isGone) left.push(`key ${key}, ${ttlMs < 0 ? 'for ever' : `for ${ttlMs} ms more`}`);
  }
  const named = (await redis.call('SMEMBERS', 'nodes')) as readonly string[];
  return [...left, ...named.filter((name) => !nodes.includes(name)).map((name) => `${name} among the nodes`)];
}

async function allKeys(redis: RedisServer): Promise<readonly string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, some] = (await redis.call('SCAN', cursor, 'COUNT', scanned)) as [string, readonly string[]];
    for (const key of some) keys.add(key);
    cursor = next;
  } while (cursor !== '0');
  return [...keys].sort();
}

/** A node hears of its sessions by a channel of its own; there is one for each room that somebody is in. */
async function channelsLeft(redis: RedisServer, nodes: readonly string[]): Promise<readonly string[]> {
  const own = nodes.map((node) => `channel:node:{${node}}`);
  const channels = (await redis.call('PUBSUB', 'SHARDCHANNELS')) as readonly string[];
  return channels.filter((channel) => !own.includes(channel)).map((channel) => `channel ${channel}`);
}
