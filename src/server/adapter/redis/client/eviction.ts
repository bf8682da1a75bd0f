import type { RedisConnection } from './redis-connection.ts';
import { textOf } from './redis-reply.ts';

/** Under what rule a server removes what it holds, once it holds so much. */
export interface Eviction {
  readonly policy: string;
  readonly maxmemoryBytes: number;
}

/** How a server may evict; undefined: it does not. INFO tells it also where CONFIG is forbidden, as by those who run Redis for others. */
export async function evictionOf(connection: RedisConnection): Promise<Eviction | undefined> {
  const info = textOf(await connection.send('INFO', ['memory']));
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const [policy, maxmemoryBytes] = [field('maxmemory_policy'), Number(field('maxmemory'))];
  return policy !== '' && policy !== 'noeviction' && maxmemoryBytes > 0
    ? { policy, maxmemoryBytes }
    : undefined;
}
