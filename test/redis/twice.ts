import type { Redis } from '../../src/server/adapter/redis/client/redis.ts';

/** A Redis whose answers are lost: each script and command is carried out, asked for again, and carried out again. */
export function twice(redis: Redis): Redis {
  return {
    async run(script, keys, args) {
      await redis.run(script, keys, args);
      return redis.run(script, keys, args);
    },
    async call(key, command, ...args) {
      await redis.call(key, command, ...args);
      return redis.call(key, command, ...args);
    },
    publish: (channel, message) => redis.publish(channel, message),
    subscribe: (channel, listener) => redis.subscribe(channel, listener),
  };
}
