import { KeptConnection } from './kept-connection.ts';
import type { Outage } from './outage.ts';
import type { RedisConnection, RedisConnectionOptions } from './redis-connection.ts';

export interface ShardChannelsOptions extends RedisConnectionOptions {
  readonly outage: Outage;
  /** The server said that a channel's slot is elsewhere. */
  readonly onMoved: () => void;
}

/** Who hears what comes on a channel of this server. */
export interface ShardListener {
  onMessage(message: Buffer): void;
  /** It is subscribed, for the first time or again: what was published before is not heard. */
  onSubscribed(): void;
}

/**
 * The sharded channels of one server, on a connection of their own that is there as long as one is subscribed. The list of channels is kept here:
 * after a lost connection, or when the server itself ended a subscription, all of them are subscribed again, each with a command of its
 * own, so that none crosses slots.
 */
export class ShardChannels {
  readonly #onMoved: () => void;
  readonly #kept: KeptConnection;
  readonly #listeners = new Map<string, ShardListener>();

  constructor({ onMoved, ...options }: ShardChannelsOptions) {
    this.#onMoved = onMoved;
    this.#kept = new KeptConnection({
      ...options,
      isPinged: true,
      onChange: (connection) => {
        if (connection !== undefined) this.#subscribeAll(connection);
      },
    });
  }

  /** Subscribes a channel, until `remove`; told by `onSubscribed`. */
  add(channel: string, listener: ShardListener): void {
    this.#listeners.set(channel, listener);
    const { current } = this.#kept;
    if (current === undefined) this.#kept.keep();
    else this.#subscribe(current, channel, listener);
  }

  remove(channel: string, listener: ShardListener): void {
    if (this.#listeners.get(channel) !== listener) return;
    this.#listeners.delete(channel);
    if (this.#listeners.size === 0) this.#kept.letGo();
    else this.#kept.current?.send('SUNSUBSCRIBE', [channel]).catch(() => undefined);
  }

  close(): void {
    this.#listeners.clear();
    this.#kept.letGo();
  }

  #subscribeAll(connection: RedisConnection): void {
    connection.onMessage((channel, message) =>
      this.#listeners.get(channel.toString('latin1'))?.onMessage(message),
    );
    connection.onUnsubscribed(() => this.#unsubscribed(connection));
    for (const [channel, listener] of this.#listeners) this.#subscribe(connection, channel, listener);
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
    connection.close('the server ended a subscription');
    this.#onMoved();
  }
}
