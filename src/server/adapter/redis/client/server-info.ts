import type { RedisConnection } from './redis-connection.ts';
import { textOf } from './redis-reply.ts';

/** A section of what a server says of itself: the value of a field, '' where it has none by this name. */
export async function infoOf(
  connection: RedisConnection,
  section: 'memory' | 'replication',
): Promise<(field: string) => string> {
  const info = textOf(await connection.send('INFO', [section]));
  return (field) => new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
}
