import type { Duplex } from 'node:stream';
import { type Command, Redis } from 'ioredis';
import type { Clock } from '../../../../shared/clock.ts';
import type { PackedArguments } from './packed-arguments.ts';
import type { RedisArgument, RedisReply } from './redis.ts';
import { redisCommand, scriptCommand } from './redis-command.ts';
import { RedisFault } from './redis-fault.ts';
import { WriteBlock } from './write-block.ts';

/** Where a server listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Who asks, and how. */
export interface RedisAccess {
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  /** The number of the database; a cluster has only 0. */
  readonly database: number;
}

export interface RedisConnectionOptions {
  readonly address: RedisAddress;
  readonly access: RedisAccess;
  readonly clock: Clock;
  /** How long connecting may take, and how long the server may answer nothing while it is asked something, in milliseconds. */
  readonly deadlineMs: number;
}

/**
 * So far apart writes are at least, in milliseconds: each wakes a process here and there, which costs more than most of what it brings.
 * What comes after a quiet moment is written as soon as a turn of the event loop brings nothing more.
 */
const writesApartMs = 1;
/**
 * The share of its deadline after which a server that answers nothing is looked at first, and then at the deadline itself: a process
 * that stood still may miss the one, and has then read by the other what came meanwhile.
 */
const firstLook = 0.75;

/**
 * One connection to one server, from its opening to its end. It does not reconnect and sends nothing twice; commands are carried out in the
 * order in which they are sent. Once it is closed all that was not answered has failed as `unknown`.
 */
export class RedisConnection {
  readonly address: RedisAddress;
  /** Resolves when it is closed, by whomever, with the reason. No password stands in it. */
  readonly closed: Promise<string>;
  readonly #redis: Redis;
  readonly #password: string | undefined;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #firstLookMs: number;
  #unanswered = 0;
  /** When it last answered, or was asked after it had answered all, by the monotonic clock. */
  #heardAtMs = 0;
  #cancelLook: (() => void) | undefined;
  #isClosed = false;
  /** What closed it, as far as that is known. */
  #reason: string | undefined;
  /** The stream, while what is sent waits to be written. */
  #corked: Duplex | undefined;
  /** Something was sent in this turn of the event loop, and may not be the last of its burst. */
  #isGathering = false;
  /** By the monotonic clock. */
  #corkedAtMs = 0;
  #wroteAtMs = Number.NEGATIVE_INFINITY;
  #cancelWrite: () => void = () => undefined;
  readonly #block = new WriteBlock();
  readonly #allocate = (length: number) => this.#block.allocate(length);

  private constructor({ address, access, clock, deadlineMs }: RedisConnectionOptions) {
    this.address = address;
    this.#password = access.password;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#firstLookMs = firstLook * deadlineMs;
    this.#redis = new Redis({
      ...address,
      ...(access.username !== undefined && { username: access.username }),
      ...(access.password !== undefined && { password: access.password }),
      ...(access.tls && { tls: {} }),
      db: access.database,
      lazyConnect: true,
      connectTimeout: deadlineMs,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
    });
    this.closed = new Promise((resolve) => {
      this.#redis.once('end', () => {
        this.#end();
        resolve((this.#reason ??= 'the server closed the connection'));
      });
    });
    // What the library only tells, as a database that is not there, is no less the end of what was asked for.
    this.#redis.on('error', ({ message }: Error) => this.close(message));
  }

  /** Connects. Rejects with a fault `not-sent`. */
  static async open(options: RedisConnectionOptions): Promise<RedisConnection> {
    const connection = new RedisConnection(options);
    const { address, clock, deadlineMs } = options;
    // A server that accepts and then says nothing is given up too.
    const cancel = clock.after(deadlineMs, () => connection.close(`it is not ready within ${deadlineMs} ms`));
    try {
      await connection.#redis.connect();
    } catch (error) {
      connection.close(error instanceof Error ? error.message : String(error));
      throw new RedisFault(
        'not-sent',
        `no connection to ${address.host}:${address.port}: ${connection.#reason}`,
      );
    } finally {
      cancel();
    }
    return connection;
  }

  /** One that is open for as long as it is used. */
  static async using<Value>(
    options: RedisConnectionOptions,
    use: (connection: RedisConnection) => Promise<Value>,
  ): Promise<Value> {
    const connection = await RedisConnection.open(options);
    try {
      return await use(connection);
    } finally {
      connection.close('it has answered');
    }
  }

  /** Rejects with a fault. `isAsking`: also where the slot is still on its way to the server. */
  send(name: string, args: readonly RedisArgument[], isAsking = false): Promise<RedisReply> {
    if (this.#isClosed) return closed();
    this.#cork();
    if (isAsking) this.#sendAsking();
    return this.#send(redisCommand(name, args));
  }

  /** Calls a script. Rejects with a fault. `isAsking`: also where the slot is still on its way to the server. */
  run(call: PackedArguments, args: readonly RedisArgument[], isAsking = false): Promise<RedisReply> {
    if (this.#isClosed) return closed();
    this.#cork();
    if (isAsking) this.#sendAsking();
    return this.#send(scriptCommand(call, args, this.#allocate));
  }

  /** Calls back with each message of a channel that it is subscribed to. */
  onMessage(listener: (channel: Buffer, message: Buffer) => void): void {
    this.#redis.on('smessageBuffer', listener);
  }

  /** Calls back when the server ended a subscription, as it does where a slot moves. */
  onUnsubscribed(listener: () => void): void {
    this.#redis.on('moved', listener);
  }

  /** At once: a server that does not answer does not answer a farewell either. The first reason is the one. */
  close(reason: string): void {
    this.#reason ??= without(this.#password, reason);
    this.#redis.disconnect();
    (this.#redis.stream as Duplex | undefined)?.destroy();
  }

  /** It holds for the one command that is sent next. */
  #sendAsking(): void {
    // Where it fails, so does what is behind it.
    this.#send(redisCommand('ASKING', [])).catch(() => undefined);
  }

  #send(command: Command): Promise<RedisReply> {
    if (this.#unanswered++ === 0) this.#heardAtMs = this.#clock.monotonicMs();
    this.#cancelLook ??= this.#lookAfter(this.#firstLookMs);
    return (this.#redis.sendCommand(command) as Promise<RedisReply>).then(this.#replied, this.#failed);
  }

  readonly #replied = (reply: RedisReply): RedisReply => {
    this.#answered();
    return reply;
  };

  readonly #failed = (error: unknown): never => {
    this.#answered();
    throw this.#faultOf(error);
  };

  /** What is sent in turns of the event loop one after the other, and until it may be written, leaves in one write. */
  #cork(): void {
    this.#isGathering = true;
    if (this.#corked !== undefined) return;
    const { stream } = this.#redis;
    this.#corked = stream;
    this.#corkedAtMs = this.#clock.monotonicMs();
    // What is not written yet still needs its memory.
    if (stream.writableLength === 0) this.#block.reuse();
    stream.cork();
    setImmediate(this.#gathered);
  }

  /** A burst of a client comes in several turns. */
  readonly #gathered = (): void => {
    const nowMs = this.#clock.monotonicMs();
    if (this.#isGathering && nowMs - this.#corkedAtMs < writesApartMs) {
      this.#isGathering = false;
      setImmediate(this.#gathered);
      return;
    }
    const waitMs = this.#wroteAtMs + writesApartMs - nowMs;
    if (waitMs <= 0) this.#write();
    else this.#cancelWrite = this.#clock.after(waitMs, this.#write);
  };

  readonly #write = (): void => {
    this.#wroteAtMs = this.#clock.monotonicMs();
    this.#corked?.uncork();
    this.#corked = undefined;
  };

  #answered(): void {
    this.#unanswered--;
    this.#heardAtMs = this.#clock.monotonicMs();
  }

  #faultOf(error: unknown): RedisFault {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name === 'ReplyError') return RedisFault.ofReply(new Error(message));
    if (message.startsWith("Stream isn't writeable")) return new RedisFault('not-sent', message);
    return new RedisFault('unknown', this.#reason ?? message);
  }

  #lookAfter(delayMs: number): () => void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    return this.#clock.after(delayMs, () => {
      this.#cancelLook = undefined;
      if (this.#unanswered > 0) this.#look(this.#clock.monotonicMs() - dueMs);
    });
  }

  /** `lateMs`: how much later than it was due. */
  #look(lateMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    // A process that stood still has not read yet what came meanwhile.
    if (lateMs >= this.#deadlineMs - this.#firstLookMs) this.#heardAtMs = nowMs;
    const silentMs = nowMs - this.#heardAtMs;
    if (silentMs >= this.#deadlineMs) this.close(`the server answered nothing for ${this.#deadlineMs} ms`);
    else {
      const nextMs = silentMs < this.#firstLookMs ? this.#firstLookMs : this.#deadlineMs;
      this.#cancelLook = this.#lookAfter(nextMs - silentMs);
    }
  }

  #end(): void {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#cancelWrite();
    this.#redis.removeAllListeners();
    this.#redis.on('error', () => undefined);
  }
}

function closed(): Promise<never> {
  return Promise.reject(new RedisFault('not-sent', 'the connection is closed'));
}

/** A server may repeat what it was given. */
function without(password: string | undefined, text: string): string {
  return password === undefined || password === '' ? text : text.replaceAll(password, '***');
}
