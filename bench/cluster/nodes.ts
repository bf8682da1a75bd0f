import { infoField } from '../../test/redis/call-redis.ts';
import { RedisServer } from '../../test/redis/redis-server.ts';
import { cpuTimeUs } from '../cpu-time.ts';
import type { RunningSubject } from '../subject.ts';

/** The node that has all the senders, the one that has all the receivers, both together, and their Redis. */
export type ClusterPart = 'sending' | 'receiving' | 'nodes' | 'redis';

interface Node {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Two nodes and a Redis of their own. */
export interface Nodes<One extends Node> extends Pick<RunningSubject<ClusterPart>, 'cpuTimeUs' | 'stop'> {
  readonly sending: One;
  readonly receiving: One;
  readonly redis: RedisServer;
}

/** Starts a fresh Redis, which keeps nothing on disk, and two nodes on it. Where one does not start, nothing is left running. */
export async function startNodes<One extends Node>(
  start: (redisUrl: string) => Promise<One>,
): Promise<Nodes<One>> {
  const redis = await RedisServer.start();
  const started: Node[] = [];
  const stop = async () => {
    await Promise.all(started.map((node) => node.stop()));
    await redis.stop();
  };
  const startOne = async () => {
    const node = await start(redis.url);
    started.push(node);
    return node;
  };
  try {
    const [sending, receiving] = [await startOne(), await startOne()];
    return { sending, receiving, redis, stop, cpuTimeUs: () => cpuTimesUs(sending, receiving, redis) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function cpuTimesUs(
  { pid: sendingPid }: Node,
  { pid: receivingPid }: Node,
  redis: RedisServer,
): Promise<Record<ClusterPart, number>> {
  const info = await redis.call('INFO', 'cpu');
  const redisS = Number(infoField(info, 'used_cpu_user')) + Number(infoField(info, 'used_cpu_sys'));
  const [sending, receiving] = [cpuTimeUs(sendingPid), cpuTimeUs(receivingPid)];
  return { sending, receiving, nodes: sending + receiving, redis: redisS * 1e6 };
}
