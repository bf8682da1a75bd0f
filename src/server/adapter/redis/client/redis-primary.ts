import type { Clock } from '../../../../shared/clock.ts';
import type { Log } from '../../../port/log.ts';
import { KeptConnection } from './kept-connection.ts';
import { Outage } from './outage.ts';
import type { PackedArguments } from './packed-arguments.ts';
import type { RedisArgument, RedisReply } from './redis.ts';
import type { RedisAccess, RedisAddress, RedisConnection } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';
import { RedisScript } from './redis-script.ts';
import { ShardChannels } from './shard-channels.ts';

export interface RedisPrimaryOptions {
  readonly address: RedisAddress;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlineMs: number;
  /** It can be reached, or no longer. */
  readonly onChange: () => void;
  /** It said that slots are elsewhere. */
  readonly onMoved: () => void;
}

/** One primary: a connection for commands that is made anew whenever it is lost, and one for what is published. */
export class RedisPrimary {
  readonly address: RedisAddress;
  readonly channels: ShardChannels;
  readonly #options: RedisPrimaryOptions;
  readonly #kept: KeptConnection;
  #replicating: Promise<void> | undefined;

  constructor(options: RedisPrimaryOptions) {
    this.address = options.address;
    this.#options = options;
    const { address, access, clock, log, deadlineMs, onMoved, onChange } = options;
    const outage = new Outage({ server: `${address.host}:${address.port}`, clock, log });
    const connection = { address, access, clock, deadlineMs, outage };
    this.channels = new ShardChannels({ ...connection, log, onMoved });
    this.#kept = new KeptConnection({ ...connection, prepare: loadMissing, onChange: () => onChange() });
    this.#kept.keep();
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return this.#kept.current !== undefined;
  }

  /** Rejects with a fault. */
  send(name: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#kept.current?.send(name, args) ?? this.#notConnected();
  }

  /** Calls a script. Rejects with a fault. */
  run(call: PackedArguments, args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#kept.current?.run(call, args) ?? this.#notConnected();
  }

  /**
   * Resolves when a replica has all that was sent before. What is asked in one turn of the event loop waits together. Rejects with a fault
   * `unknown` where that is not known, whatever the reason: what was sent before has been carried out.
   */
  replicated(): Promise<void> {
    if (this.#replicating === undefined) {
      this.#replicating = new Promise((resolve, reject) => {
        setImmediate(() => {
          this.#replicating = undefined;
          this.#awaitReplica().then(resolve, reject);
        });
      });
    }
    return this.#replicating;
  }

  async #awaitReplica(): Promise<void> {
    // Before the connection is taken for lost.
    const withinMs = Math.floor(this.#options.deadlineMs / 2);
    const replicas = await this.send('WAIT', [1, withinMs]).catch((error: unknown) => {
      throw new RedisFault('unknown', error instanceof Error ? error.message : String(error));
    });
    if (replicas === 0) throw new RedisFault('unknown', `no replica had it within ${withinMs} ms`);
  }

  /** Makes a script known to the server again, which forgot it. */
  async load(script: RedisScript): Promise<void> {
    await this.send('SCRIPT', ['LOAD', script.source]);
  }

  /** Lets the connection go, for what is behind it is not what it was. A new one is made. */
  reconnect(): void {
    this.#kept.renew('it is no primary any more');
  }

  close(): void {
    this.#kept.letGo();
    this.channels.close();
  }

  #notConnected(): Promise<never> {
    const { host, port } = this.address;
    return Promise.reject(new RedisFault('not-sent', `no connection to ${host}:${port}`));
  }
}

async function loadMissing(connection: RedisConnection): Promise<void> {
  const scripts = RedisScript.all;
  const known = await connection.send('SCRIPT', ['EXISTS', ...scripts.map(({ sha }) => sha)]);
  const missing = scripts.filter((_, index) => (known as readonly RedisReply[])[index] !== 1);
  await Promise.all(missing.map(({ source }) => connection.send('SCRIPT', ['LOAD', source])));
}
