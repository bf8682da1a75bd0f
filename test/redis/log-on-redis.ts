import { RedisClient, type RedisClientOptions } from '../../src/server/adapter/redis/client/redis-client.ts';
import type { RedisAddress } from '../../src/server/adapter/redis/client/redis-connection.ts';
import type { RedisPlace } from '../../src/server/adapter/redis/client/redis-topology.ts';
import { RedisRoomLog } from '../../src/server/adapter/redis/stream/redis-room-log.ts';
import type { Commit, CommitResult, Entry, StreamName } from '../../src/server/port/room-log.ts';
import { type Clock, systemClock } from '../../src/shared/clock.ts';
import { quietLog } from '../unit/quiet-log.ts';

export const room: StreamName = 'room:daily';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function addressOf({ port }: { readonly port: number }): RedisAddress {
  return { host: '127.0.0.1', port };
}

/** A Redis of a test's own, for a node. */
export function connectTo(
  place: RedisPlace,
  options: Partial<Pick<RedisClientOptions, 'access' | 'log' | 'deadlineMs'>> = {},
): RedisClient {
  return new RedisClient({
    place,
    access: { tls: false, database: 0 },
    clock: systemClock,
    log: quietLog,
    deadlineMs: 500,
    callTimeoutMs: 2_000,
    ...options,
  });
}

/** The room log of a node on a Redis of a test's own. Its silences are as long as `clock` says. */
export function logOn(
  place: RedisPlace,
  {
    redis = connectTo(place),
    clock = systemClock,
    node = 'a',
    ack,
    emptyGraceMs = 60_000,
  }: {
    readonly redis?: RedisClient;
    readonly clock?: Clock;
    readonly node?: string;
    readonly ack?: 'memory' | 'replica';
    readonly emptyGraceMs?: number;
  } = {},
) {
  const log = new RedisRoomLog({
    redis,
    clock,
    node,
    keepMs: 60_000,
    maxBytes: 1_000_000,
    emptyGraceMs,
    commitTimeoutMs: 2_000,
    ...(ack && { ack }),
  });
  return {
    redis,
    log,
    /** An entry for all. */
    commit: (seq: number, id = 'ada', stream = room) => log.commit(stream, saying(seq, id)),
    head: async () => (await log.state(room))?.head ?? { epoch: 0, offset: 0, lastToAll: 0 },
    /** All that the log has, as text. */
    texts: async (): Promise<string[]> => {
      const { epoch } = (await log.state(room))?.head ?? { epoch: 0 };
      const read = await log.read(room, { epoch, offset: 0 }, 1e9);
      return read.good ? read.entries.map(textOf) : [];
    },
    close() {
      log.close();
      redis.close();
    },
  };
}

export function saying(seq: number, id = 'ada'): Commit {
  return {
    source: { id, gen: 1, seq },
    checks: [],
    changes: [],
    entry: { to: 'all', body: bytes(`${id} ${seq}`) },
  };
}

export function textOf({ body }: Entry): string {
  return new TextDecoder().decode(body);
}

/** The offset that a commit got; 0 where it was not applied. */
export function offsetOf(result: CommitResult): number {
  return result.outcome === 'applied' ? result.position.offset : 0;
}
