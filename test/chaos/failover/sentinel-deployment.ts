import { RedisSentinels } from '../../redis/redis-sentinels.ts';
import type { Deployment } from '../talking/deployment.ts';
import type { FailoverServers } from './fail-over.ts';
import { FailoverCount } from './failover-count.ts';

/** A primary with so many replicas, and sentinels. `ack`: when an entry counts as kept. */
export async function sentinelDeployment(
  replicas: number,
  ack: 'memory' | 'replica',
): Promise<Deployment<FailoverServers>> {
  const sentinels = await RedisSentinels.start({ replicas });
  const [primary] = sentinels.servers;
  return {
    servers: { sentinels, count: new FailoverCount() },
    env: {
      // Of it nothing counts but how a server is to be spoken to.
      REDIS_URL: primary?.url ?? '',
      REDIS_SENTINELS: sentinels.urls.map((url) => new URL(url).host).join(','),
      REDIS_SENTINEL_NAME: sentinels.name,
      REDIS_ACK: ack,
    },
    stop: () => sentinels.stop(),
  };
}
