import type { SessionRef } from '../../../port/session-store.ts';
import type { Redis, RedisArgument, RedisReply } from '../client/redis.ts';
import { RedisScript } from '../client/redis-script.ts';

const script = (file: string) => RedisScript.load(import.meta.url, '../lineage.lua', 'session.lua', file);

/** What is done in a user's slot. Each says how it bears being carried out twice. */
export const sessionScripts = {
  open: script('session-open.lua'),
  attach: script('session-attach.lua'),
  restore: script('session-restore.lua'),
  detach: script('session-detach.lua'),
  addRoom: script('session-add-room.lua'),
  removeRoom: script('session-remove-room.lua'),
  end: script('session-end.lua'),
  forget: script('session-forget.lua'),
  adopt: script('session-adopt.lua'),
  look: script('session-look.lua'),
};

/** Those that can do without all keys but the records. */
const byRecordAlone: ReadonlySet<RedisScript> = new Set([
  sessionScripts.attach,
  sessionScripts.detach,
  sessionScripts.addRoom,
  sessionScripts.removeRoom,
  sessionScripts.end,
  sessionScripts.adopt,
  sessionScripts.look,
]);

/** Where a user's records are, by session id. */
export function recordsKey(userId: string): string {
  return `user:{${userId}}:sessions`;
}

/** Runs one of the scripts on a session. All its keys are in the user's slot: ids have no braces. */
export function runOnSession(
  redis: Redis,
  script: RedisScript,
  { userId, sessionId }: SessionRef,
  args: readonly RedisArgument[],
): Promise<RedisReply> {
  const [nodes, tombstone] = [`user:{${userId}}:node`, `user:{${userId}}:ended:${sessionId}`];
  const records = recordsKey(userId);
  const keys = [records, nodes, `disconnecting:{${userId}}`, tombstone] as const;
  return redis.run(script, keys, [sessionId, ...args], byRecordAlone.has(script) ? [records] : undefined);
}
