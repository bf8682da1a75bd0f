import { Redis as IORedis } from 'ioredis';
import type {
  ChannelListener,
  ChannelSubscription,
  Redis,
  RedisArgument,
  RedisReply,
} from '../../src/server/adapter/redis/redis.ts';
import type { RedisScript } from '../../src/server/adapter/redis/redis-script.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';

/** One server over one connection for commands and one for messages. Sends nothing twice and finds no other server. */
export class PlainRedis implements Redis {
  readonly #commands: IORedis;
  readonly #messages: IORedis;
  readonly #listeners = new Map<string, Set<ChannelListener>>();

  constructor(socketPath: string) {
    const options = { path: socketPath, commandTimeout: 5_000, maxRetriesPerRequest: 0 };
    this.#commands = new IORedis(options);
    this.#messages = new IORedis(options);
    this.#messages.on('smessageBuffer', (channel: Buffer, message: Buffer) => {
      for (const listener of this.#listeners.get(channel.toString()) ?? []) listener.onMessage(message);
    });
  }

  async run(
    script: RedisScript,
    keys: readonly [string, ...string[]],
    args: readonly RedisArgument[],
  ): Promise<RedisReply> {
    const rest = [keys.length, ...keys, ...args.map(argument)];
    return this.#ask('EVALSHA', script.sha, ...rest).catch((error: unknown) => {
      if (!String(error).includes('NOSCRIPT')) throw unavailable(error);
      return this.#ask('EVAL', script.source, ...rest).catch(fail);
    });
  }

  call(_key: string, command: string, ...args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#ask(command, ...args.map(argument)).catch(fail);
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    await this.#ask('SPUBLISH', channel, argument(message)).catch(fail);
  }

  async subscribe(channel: string, listener: ChannelListener): Promise<ChannelSubscription> {
    const listeners = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, listeners.add(listener));
    await this.#messages.ssubscribe(channel).catch(fail);
    return { close: () => void listeners.delete(listener) };
  }

  close(): void {
    this.#commands.disconnect();
    this.#messages.disconnect();
  }

  async #ask(command: string, ...args: (string | number | Buffer)[]): Promise<RedisReply> {
    return (await this.#commands.callBuffer(command, ...args)) as RedisReply;
  }
}

function argument(value: RedisArgument): string | number | Buffer {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function unavailable(cause: unknown): SignalError {
  return new SignalError(ErrorCode.UNAVAILABLE, 'Redis did not answer as it should', { cause });
}

function fail(cause: unknown): never {
  throw unavailable(cause);
}
