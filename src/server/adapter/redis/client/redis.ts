import type { RedisScript } from './redis-script.ts';

export type RedisArgument = string | number | Uint8Array;

/** What a script or a command answers: strings as bytes, arrays as they are. */
export type RedisReply = null | number | Buffer | readonly RedisReply[];

/** What a subscriber of a channel hears, in the order of the publications. Must not throw. */
export interface ChannelListener {
  onMessage(message: Buffer): void;
  /** The subscription was broken and stands again: what was published in between is lost. */
  onInterrupted(): void;
}

export interface ChannelSubscription {
  close(): void;
}

/**
 * A Redis deployment as the adapters see it: one server, one behind sentinels, or a cluster. What names keys goes to the primary that
 * has their slot; all keys of one call are in one slot. Strings of a reply are bytes.
 *
 * Every call has a deadline and rejects with `SignalError` UNAVAILABLE past it. What is called may be carried out more than once, since
 * an answer that is lost is asked for again: only what does no harm twice may be called here.
 */
export interface Redis {
  /**
   * `fewer`: some of the keys, the first among them, with which the script does what matters: it is tried with those where all are
   * refused since their slot is on its way to another server and not each of them is where it was asked for.
   */
  run(
    script: RedisScript,
    keys: readonly [string, ...string[]],
    args: readonly RedisArgument[],
    fewer?: readonly [string, ...string[]],
  ): Promise<RedisReply>;
  /** A plain command. `key`: whose slot it is about. */
  call(key: string, command: string, ...args: readonly RedisArgument[]): Promise<RedisReply>;
  /** Sends a message to the subscribers of now, at most once. The channel's name is in a slot as a key's is. */
  publish(channel: string, message: Uint8Array): Promise<void>;
  /** Resolves when every later message will be heard, or its listener told that some may not have been. */
  subscribe(channel: string, listener: ChannelListener): Promise<ChannelSubscription>;
}
