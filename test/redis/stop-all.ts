import type { RedisServer } from './redis-server.ts';

/** Stops each of them, also where one rejects. */
export async function stopAll(servers: readonly RedisServer[]): Promise<void> {
  const results = await Promise.allSettled(servers.map((server) => server.stop()));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
