import { RedisServer } from '../../redis/redis-server.ts';

/** What the nodes of a run share, in processes of its own. */
export interface Deployment<Servers> {
  readonly servers: Servers;
  /** The settings by which a node finds them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function oneServer(keeps: 'in-memory' | 'always'): Promise<Deployment<RedisServer>> {
  const server = await RedisServer.start(keeps === 'always' ? { appendFsync: 'always' } : {});
  return { servers: server, env: { REDIS_URL: server.url }, stop: () => server.stop() };
}
