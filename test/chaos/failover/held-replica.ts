import { eventually } from '../../program/eventually.ts';
import { infoField } from '../../redis/call-redis.ts';
import type { RedisServer } from '../../redis/redis-server.ts';

const goneTimeoutMs = 20_000;

/**
 * From now on a replica gets nothing of what its primary writes, until it is resumed. Other replicas of the primary are cut off too,
 * for the moment that they need to come back.
 */
export async function holdBack(replica: RedisServer, primary: RedisServer): Promise<void> {
  replica.pause();
  // Or it would read, once it goes on, what waits for it in its socket.
  await primary.call('CLIENT', 'KILL', 'TYPE', 'replica');
}

/** Resolves when a replica knows that its primary is gone: what it has now is all that it will have of it. */
export async function lostPrimary(replica: RedisServer): Promise<void> {
  await eventually(
    `the replica at port ${replica.port} has lost its primary`,
    async () => {
      const info = await replica.call('INFO', 'replication');
      return infoField(info, 'master_link_status') === 'down' || undefined;
    },
    goneTimeoutMs,
  );
}
