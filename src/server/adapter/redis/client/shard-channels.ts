import { backoffDelayMs } from '../../../../shared/backoff.ts';
import { Pause } from '../../../../shared/pause.ts';
import type { Log } from '../../../port/log.ts';
import { KeptConnection } from './kept-connection.ts';
import type { Outage } from './outage.ts';
import type { RedisConnection, RedisConnectionOptions } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';

export interface ShardChannelsOptions extends RedisConnectionOptions {
  readonly log: Log;
  readonly outage: Outage;
  /** The server does not have a channel's slot, or not now. */
  readonly onMoved: () => void;
}

/** Who hears what comes on a channel of this server. */
export interface ShardListener {
  onMessage(message: Buffer): void;
  /** It is subscribed, for the first time or again: what was published before is not heard. */
  onSubscribed(): void;
}

const againBackoff = { firstDelayMs: 100, maxDelayMs: 1_000 };

/**
 * The sharded channels of one server, on a connection of their own that is there as long as one is subscribed. The list of channels is kept here:
 * after a lost connection, or when the server itself ended a subscription, all of them are subscribed again, each with a command of its
 * own, so that none crosses slots. One that the server does not take is tried again for as long as it is wanted here: what says where slots are
 * may know of a move before the server does.
 */
export class ShardChannels {
  readonly #options: ShardChannelsOptions;
  readonly #kept: KeptConnection;
  readonly #listeners = new Map<string, ShardListener>();
  /** Those that the server did not take, until they are tried again. */
  readonly #refused = new Set<string>();
  readonly #pause: Pause;
  #isTryingAgain = false;
  #isRefusalLogged = false;

  constructor(options: ShardChannelsOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
    this.#kept = new KeptConnection({
      ...options,
      isPinged: true,
      onChange: (connection) => {
        this.#forgetRefused();
        if (connection !== undefined) this.#subscribeAll(connection);
      },
    });
  }

  /** Subscribes a channel, until `remove`; told by `onSubscribed`. */
  add(channel: string, listener: ShardListener): void {
    this.#listeners.set(channel, listener);
    const { current } = this.#kept;
    if (current === undefined) this.#kept.keep();
    else void this.#subscribe(current, channel, listener);
  }

  remove(channel: string, listener: ShardListener): void {
    if (this.#listeners.get(channel) !== listener) return;
    this.#listeners.delete(channel);
    if (this.#listeners.size === 0) this.close();
    else this.#kept.current?.send('SUNSUBSCRIBE', [channel]).catch(() => undefined);
  }

  /** None is subscribed any more, until `add`. */
  close(): void {
    this.#listeners.clear();
    this.#forgetRefused();
    this.#kept.letGo();
  }

  #subscribeAll(connection: RedisConnection): void {
    connection.onMessage((channel, message) =>
      this.#listeners.get(channel.toString('latin1'))?.onMessage(message),
    );
    connection.onUnsubscribed(() => this.#unsubscribed(connection));
    for (const [channel, listener] of this.#listeners) void this.#subscribe(connection, channel, listener);
  }

  /** Resolves when it is answered, whatever the answer. */
  #subscribe(connection: RedisConnection, channel: string, listener: ShardListener): Promise<void> {
    const isWanted = () => this.#listeners.get(channel) === listener && connection === this.#kept.current;
    return connection.send('SSUBSCRIBE', [channel]).then(
      () => {
        if (isWanted()) listener.onSubscribed();
      },
      (error: unknown) => {
        if (isWanted() && error instanceof RedisFault) this.#notTaken(channel, error);
      },
    );
  }

  #notTaken(channel: string, fault: RedisFault): void {
    // The connection is lost: on the next one all are subscribed.
    if (fault.kind === 'unknown' || fault.kind === 'not-sent') return;
    if (fault.kind === 'refused') this.#logRefusal(fault);
    else this.#options.onMoved();
    this.#refused.add(channel);
    if (!this.#isTryingAgain) void this.#tryAgain();
  }

  async #tryAgain(): Promise<void> {
    this.#isTryingAgain = true;
    for (let failures = 0; this.#refused.size > 0; failures++) {
      await this.#pause.wait(backoffDelayMs(againBackoff, failures));
      const channels = [...this.#refused];
      this.#refused.clear();
      await Promise.all(channels.map((channel) => this.#subscribeIfWanted(channel)));
    }
    this.#isTryingAgain = false;
  }

  async #subscribeIfWanted(channel: string): Promise<void> {
    const listener = this.#listeners.get(channel);
    const { current } = this.#kept;
    if (listener !== undefined && current !== undefined) await this.#subscribe(current, channel, listener);
  }

  /** On another connection all are subscribed anew. */
  #forgetRefused(): void {
    this.#isRefusalLogged = false;
    this.#refused.clear();
    this.#pause.end();
  }

  /** Sending it again may not help, but who gives the right to it can. */
  #logRefusal({ message: reason }: RedisFault): void {
    if (this.#isRefusalLogged) return;
    this.#isRefusalLogged = true;
    const { log, address } = this.#options;
    log.warn('redis.subscribe_refused', { server: `${address.host}:${address.port}`, reason });
  }

  /** Which one, only the server knows: a connection on which all are subscribed anew is sure. */
  #unsubscribed(connection: RedisConnection): void {
    connection.close('the server ended a subscription');
    this.#options.onMoved();
  }
}
