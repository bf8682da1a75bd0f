import { Redis } from 'ioredis';

export interface RedisAddress {
  readonly port: number;
  readonly password?: string | undefined;
  /** It is asked although it may be a replica of a cluster, which sends away who does not say so. */
  readonly readOnly?: boolean;
  /** It is asked although the slot is still on its way to it. */
  readonly isAsking?: boolean;
}

const callTimeoutMs = 5_000;

/** Sends one command on a connection of its own, once. Rejects with what Redis refuses, where none answers, and after 5 s. */
export async function callRedis(
  { port, password, readOnly = false, isAsking = false }: RedisAddress,
  command: string,
  ...args: readonly (string | number)[]
): Promise<unknown> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    ...(password !== undefined && { password }),
    lazyConnect: true,
    readOnly,
    enableReadyCheck: false,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: callTimeoutMs,
    commandTimeout: callTimeoutMs,
  });
  // What closed the connection; the command itself is told only that it is closed.
  let cause: unknown;
  redis.on('error', (error) => (cause = error));
  try {
    await redis.connect();
    if (isAsking) await redis.call('ASKING');
    return await redis.call(command, ...args);
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}

/** A field of `INFO` or `CLUSTER INFO`: `role:master`. Undefined where it is not there. */
export function infoField(info: unknown, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(String(info))?.[1];
}
