import { eventually } from '../program/eventually.ts';
import { infoField } from './call-redis.ts';
import type { RedisServer } from './redis-server.ts';

const syncTimeoutMs = 30_000;

/** Resolves when a replica has all that its primary has: its link is up, and its offset is the primary's of now or later. */
export async function inSync(replica: RedisServer, primary: RedisServer): Promise<void> {
  await eventually(
    `the replica at port ${replica.port} is in sync`,
    async () => {
      const written = infoField(await primary.call('INFO', 'replication'), 'master_repl_offset');
      const info = await replica.call('INFO', 'replication');
      const [follows, link] = [infoField(info, 'master_port'), infoField(info, 'master_link_status')];
      if (follows !== String(primary.port)) throw new Error(`it follows ${follows}, not ${primary.port}`);
      if (link !== 'up') throw new Error(`its link to ${primary.port} is ${link}`);
      return Number(infoField(info, 'slave_repl_offset')) >= Number(written) || undefined;
    },
    syncTimeoutMs,
  );
}
