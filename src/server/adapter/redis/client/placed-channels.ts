import calculateSlot from 'cluster-key-slot';
import type { Clock } from '../../../../shared/clock.ts';
import type { ChannelListener, ChannelSubscription } from './redis.ts';
import type { RedisPrimary } from './redis-primary.ts';
import type { ShardListener } from './shard-channels.ts';
import { closed, unavailable } from './unavailable.ts';

export interface PlacedChannelsOptions {
  readonly clock: Clock;
  /** How long a subscription may take, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Who has a slot, as far as is known. */
  readonly primaryOf: (slot: number) => RedisPrimary | undefined;
}

interface Subscribed {
  readonly slot: number;
  readonly listener: ShardListener;
  primary: RedisPrimary | undefined;
}

/** The channels that a client is subscribed to, each at the primary that has its slot. */
export class PlacedChannels {
  readonly #options: PlacedChannelsOptions;
  readonly #channels = new Map<string, Subscribed>();
  /** Give up the subscriptions that do not stand yet. */
  readonly #pending = new Set<(why: Error) => void>();

  constructor(options: PlacedChannelsOptions) {
    this.#options = options;
  }

  /** As `Redis` says it. */
  subscribe(channel: string, listener: ChannelListener): Promise<ChannelSubscription> {
    return new Promise((resolve, reject) => {
      let isStanding = false;
      const subscribed: Subscribed = {
        slot: calculateSlot(channel),
        primary: undefined,
        listener: {
          onMessage: (message) => listener.onMessage(message),
          onSubscribed: () => {
            if (isStanding) {
              listener.onInterrupted();
              return;
            }
            isStanding = true;
            settled();
            resolve({ close: () => this.#unsubscribe(channel, subscribed) });
          },
        },
      };
      const giveUp = (why: Error) => {
        settled();
        this.#unsubscribe(channel, subscribed);
        reject(why);
      };
      const cancel = this.#options.clock.after(this.#options.callTimeoutMs, () =>
        giveUp(unavailable(new Error('the subscription took too long'))),
      );
      const settled = () => {
        cancel();
        this.#pending.delete(giveUp);
      };
      this.#pending.add(giveUp);
      this.#channels.set(channel, subscribed);
      this.#place(channel, subscribed);
    });
  }

  /** Subscribes each channel where its slot is now. */
  place(): void {
    for (const [channel, subscribed] of this.#channels) this.#place(channel, subscribed);
  }

  close(): void {
    for (const giveUp of this.#pending) giveUp(closed());
    this.#channels.clear();
  }

  #place(channel: string, subscribed: Subscribed): void {
    const primary = this.#options.primaryOf(subscribed.slot);
    if (primary === subscribed.primary) return;
    subscribed.primary?.channels.remove(channel, subscribed.listener);
    subscribed.primary = primary;
    primary?.channels.add(channel, subscribed.listener);
  }

  #unsubscribe(channel: string, subscribed: Subscribed): void {
    if (this.#channels.get(channel) === subscribed) this.#channels.delete(channel);
    subscribed.primary?.channels.remove(channel, subscribed.listener);
  }
}
