import { RedisServer } from '../../redis/redis-server.ts';
import { Nodes, type NodesOptions } from './nodes.ts';

/** Where a run takes place. */
export interface Place {
  readonly nodes: Nodes;
  /** Undefined: there is one node, which keeps its state in memory. */
  readonly redis: RedisServer | undefined;
}

/** For how many nodes a run is: of one, the state is in its memory; several share a Redis of their own. */
export const nodesOption = {
  nodes: { says: 'nodes; several share a Redis, one has its state in memory', fallback: 1 },
};

/** Starts the nodes of a run, does its work, and ends them, whatever came of it. */
export async function withNodes<Result>(
  options: Omit<NodesOptions, 'onLoss'>,
  work: (place: Place) => Promise<Result>,
): Promise<Result> {
  const redis = options.count > 1 ? await RedisServer.start() : undefined;
  try {
    const env = { ...options.env, ...(redis && { REDIS_URL: redis.url }) };
    // A node that ends by itself is missed by its clients.
    const nodes = await Nodes.start({ ...options, env, onLoss: () => undefined });
    try {
      return await work({ nodes, redis });
    } finally {
      await nodes.stop();
    }
  } finally {
    await redis?.stop();
  }
}
