import type { Clock } from '../../../../shared/clock.ts';
import type { Log } from '../../../port/log.ts';
import { evictionOf } from './eviction.ts';
import { GroupWait } from './group-wait.ts';
import { KeptConnection } from './kept-connection.ts';
import { Outage } from './outage.ts';
import type { PackedArguments } from './packed-arguments.ts';
import type { RedisArgument, RedisReply } from './redis.ts';
import type { RedisAccess, RedisAddress, RedisConnection } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';
import { RedisScript } from './redis-script.ts';
import { infoOf } from './server-info.ts';
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

/**
 * One primary: a connection for commands, one for scripts that wait for a replica, and one for what is published. Each is made anew
 * whenever it is lost.
 */
export class RedisPrimary {
  readonly address: RedisAddress;
  readonly channels: ShardChannels;
  readonly #server: string;
  readonly #log: Log;
  readonly #commands: KeptConnection;
  /** Kept from the first use on: WAIT holds up what is sent behind it. */
  readonly #replicated: KeptConnection;
  #group: GroupWait | undefined;
  #isWarned = false;

  constructor(options: RedisPrimaryOptions) {
    this.address = options.address;
    const { address, access, clock, log, deadlineMs, onMoved, onChange } = options;
    this.#server = `${address.host}:${address.port}`;
    this.#log = log;
    const outage = new Outage({ server: this.#server, clock, log });
    const connection = { address, access, clock, deadlineMs, outage };
    this.channels = new ShardChannels({ ...connection, log, onMoved });
    this.#commands = new KeptConnection({
      ...connection,
      prepare: async (opened) => {
        await Promise.all([assertPrimary(opened), loadMissing(opened), this.#warnOfEviction(opened)]);
      },
      onChange: () => onChange(),
    });
    this.#replicated = new KeptConnection({
      ...connection,
      prepare: async (opened) => {
        await Promise.all([assertPrimary(opened), loadMissing(opened)]);
      },
      isPinged: true,
      onChange: (opened) => {
        // It is answered before the connection is taken for lost.
        this.#group = opened && new GroupWait(opened, Math.floor(deadlineMs / 2));
      },
    });
    this.#commands.keep();
  }

  /** Whether commands can be sent. */
  get isReady(): boolean {
    return this.#commands.current !== undefined;
  }

  /** Rejects with a fault. `isAsking`: also where the slot is still on its way to it; so for the other two. */
  send(name: string, args: readonly RedisArgument[], isAsking = false): Promise<RedisReply> {
    return this.#commands.current?.send(name, args, isAsking) ?? this.#notConnected();
  }

  /** Calls a script. Rejects with a fault. */
  run(call: PackedArguments, args: readonly RedisArgument[], isAsking = false): Promise<RedisReply> {
    return this.#commands.current?.run(call, args, isAsking) ?? this.#notConnected();
  }

  /** As `run`, answered when a replica has it too. Such scripts are carried out in their order; what `run` calls may pass them. */
  runReplicated(
    call: PackedArguments,
    args: readonly RedisArgument[],
    isAsking = false,
  ): Promise<RedisReply> {
    this.#replicated.keep();
    return this.#group?.run(call, args, isAsking) ?? this.#notConnected();
  }

  /** Makes a script known to the server again, which forgot it. */
  async load(script: RedisScript): Promise<void> {
    await this.send('SCRIPT', ['LOAD', script.source]);
  }

  /** Lets its connections go, for what is behind them is not what it was. New ones are made. */
  reconnect(): void {
    for (const kept of [this.#commands, this.#replicated]) kept.renew('it is no primary any more');
  }

  close(): void {
    this.#commands.letGo();
    this.#replicated.letGo();
    this.channels.close();
  }

  /** What is evicted is a room's log, members or sessions, and nothing tells of it. */
  async #warnOfEviction(connection: RedisConnection): Promise<void> {
    const eviction = await evictionOf(connection);
    if (eviction === undefined || this.#isWarned) return;
    this.#isWarned = true;
    this.#log.warn('redis.may_evict', {
      server: this.#server,
      ...eviction,
      set: 'maxmemory-policy noeviction',
    });
  }

  #notConnected(): Promise<never> {
    return Promise.reject(new RedisFault('not-sent', `no connection to ${this.#server}`));
  }
}

/**
 * Rejects where it is a replica, as what is named the primary may be, or what an address leads to: that would refuse what writes, and answer what
 * reads with what is over. INFO, and not ROLE: the scripts ask for it too, so that a user who may run them may this.
 */
async function assertPrimary(connection: RedisConnection): Promise<void> {
  const replication = await infoOf(connection, 'replication');
  const role = replication('role');
  if (role !== 'master') throw new RedisFault('elsewhere', `it is no primary, its role is ${role}`);
}

async function loadMissing(connection: RedisConnection): Promise<void> {
  const scripts = RedisScript.all;
  const known = await connection.send('SCRIPT', ['EXISTS', ...scripts.map(({ sha }) => sha)]);
  const missing = scripts.filter((_, index) => (known as readonly RedisReply[])[index] !== 1);
  await Promise.all(missing.map(({ source }) => connection.send('SCRIPT', ['LOAD', source])));
}
