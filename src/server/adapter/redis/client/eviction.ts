import type { RedisConnection } from './redis-connection.ts';
import { infoOf } from './server-info.ts';

/** Under what rule a server removes what it holds, once it holds so much. */
export interface Eviction {
  readonly policy: string;
  readonly maxmemoryBytes: number;
}

/** How a server may evict; undefined: it does not. INFO tells it also where CONFIG is forbidden, as by those who run Redis for others. */
export async function evictionOf(connection: RedisConnection): Promise<Eviction | undefined> {
  const memory = await infoOf(connection, 'memory');
  const [policy, maxmemoryBytes] = [memory('maxmemory_policy'), Number(memory('maxmemory'))];
  return policy !== '' && policy !== 'noeviction' && maxmemoryBytes > 0
    ? { policy, maxmemoryBytes }
    : undefined;
}
