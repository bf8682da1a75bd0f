import { backoffDelayMs } from '../../../../shared/backoff.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { type RedisAccess, type RedisAddress, RedisConnection } from './redis-connection.ts';

export interface ShardChannelsOptions {
  readonly address: RedisAddress;
  readonly access: RedisAccess;
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** The server said that a channel's slot is elsewhere. */
  readonly onMoved: () => void;
}

/** Who hears what comes on a channel of this server. */
export interface ShardListener {
  onMessage(message: Buffer): void;
  /** It is subscribed, for the first time or again: what was published before is not heard. */
  onSubscribed(): void;
}

const reconnectBackoff = { firstDelayMs: 50, maxDelayMs: 1_000 };
/** How often a silent connection is asked whether it is there, in milliseconds. */
const pingIntervalMs = 1_000;

/**
 * The sharded channels of one server, on a connection of their own that is there as long as one is subscribed. The list of channels is kept here:
 * after a lost connection, or when the server itself ended a subscription, all of them are subscribed again, each with a command of its
 * own, so that none crosses slots.
 */
export class ShardChannels {
  readonly #options: ShardChannelsOptions;
  readonly #listeners = new Map<string, ShardListener>();
  #connection: RedisConnection | undefined;
  #isRunning = false;
  #isClosed = false;
  #cancelWait: () => void = () => undefined;

  constructor(options: ShardChannelsOptions) {
    this.#options = options;
  }

  /** Subscribes a channel, until `remove`; told by `onSubscribed`. */
  add(channel: string, listener: ShardListener): void {
    this.#listeners.set(channel, listener);
    if (this.#connection !== undefined) this.#subscribe(this.#connection, channel, listener);
    else if (!this.#isRunning) void this.#keepUp();
  }

  remove(channel: string, listener: ShardListener): void {
    if (this.#listeners.get(channel) !== listener) return;
    this.#listeners.delete(channel);
    if (this.#listeners.size === 0) this.#cancelWait();
    this.#connection?.send('SUNSUBSCRIBE', [channel]).catch(() => undefined);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#cancelWait();
    this.#connection?.close();
  }

  async #keepUp(): Promise<void> {
    this.#isRunning = true;
    for (let failures = 0; this.#isWanted(); ) {
      try {
        await this.#serve(() => {
          failures = 0;
        });
      } catch {
        // It is tried again.
      }
      if (this.#isWanted()) await this.#wait(backoffDelayMs(reconnectBackoff, failures++));
    }
    this.#isRunning = false;
  }

  async #serve(connected: () => void): Promise<void> {
    const connection = await RedisConnection.open(this.#options);
    try {
      if (!this.#isWanted()) return;
      connected();
      connection.onMessage((channel, message) =>
        this.#listeners.get(channel.toString('latin1'))?.onMessage(message),
      );
      connection.onUnsubscribed(() => this.#unsubscribed(connection));
      this.#connection = connection;
      for (const [channel, listener] of this.#listeners) this.#subscribe(connection, channel, listener);
      await this.#untilClosedOrUnwanted(connection);
    } finally {
      this.#connection = undefined;
      connection.close();
    }
  }

  #subscribe(connection: RedisConnection, channel: string, listener: ShardListener): void {
    connection.send('SSUBSCRIBE', [channel]).then(
      () => {
        if (this.#listeners.get(channel) === listener) listener.onSubscribed();
      },
      // Moved, or the connection is lost: either is heard of in another way.
      () => undefined,
    );
  }

  /** Which one, only the server knows: a connection on which all are subscribed anew is sure. */
  #unsubscribed(connection: RedisConnection): void {
    connection.close();
    this.#options.onMoved();
  }

  /** A connection on which nothing comes is asked whether it is there; the answer has a deadline. */
  async #untilClosedOrUnwanted(connection: RedisConnection): Promise<void> {
    void connection.closed.then(() => this.#cancelWait());
    while (this.#isWanted()) {
      await this.#wait(pingIntervalMs);
      // Rejects where it is closed.
      await connection.send('PING', []);
    }
  }

  #isWanted(): boolean {
    return !this.#isClosed && this.#listeners.size > 0;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
  }
}
