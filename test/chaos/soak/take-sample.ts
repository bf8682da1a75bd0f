import type { RedisServer } from '../../redis/redis-server.ts';
import { ServerProbe } from '../../server-process/server-probe.ts';
import { keyCount } from '../left-in-redis/left-in-redis.ts';
import type { Nodes } from '../nodes/nodes.ts';
import type { Sample } from './samples.ts';

/** What the nodes hold now, after a forced collection each, one node after the other. */
export async function takeSample(nodes: Nodes, redis: RedisServer): Promise<Sample> {
  const sample = { heap_bytes: 0, rss_bytes: 0, handles: 0, timers: 0 };
  for (const { server } of nodes.running) {
    const probe = new ServerProbe(server.process);
    const { heapUsed, external, rss } = await probe.usage();
    sample.heap_bytes += heapUsed + external;
    sample.rss_bytes += rss;
    sample.timers += await probe.timers();
    sample.handles += sum(await probe.resources()) + sum(await probe.listeners());
  }
  return { ...sample, redis_keys: await keyCount(redis) };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
