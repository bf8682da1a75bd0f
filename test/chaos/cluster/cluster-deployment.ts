import { RedisCluster } from '../../redis/redis-cluster.ts';
import { metricsToken } from '../churn/metrics.ts';
import type { Deployment } from '../talking/deployment.ts';
import { ClusterCount } from './cluster-count.ts';

/** The cluster of a run, and what came of breaking it. */
export interface ClusterServers {
  readonly cluster: RedisCluster;
  readonly count: ClusterCount;
}

/** Three masters with a replica each. The nodes can be asked for their metrics. */
export async function clusterDeployment(): Promise<Deployment<ClusterServers>> {
  const cluster = await RedisCluster.start({ masters: 3, replicas: 1 });
  return {
    servers: { cluster, count: new ClusterCount() },
    env: { REDIS_CLUSTER: 'true', REDIS_URL: cluster.urls.join(','), METRICS_TOKEN: metricsToken },
    stop: () => cluster.stop(),
  };
}
