import type { SessionListener, SessionNotice } from '../../../port/session-store.ts';
import type { Redis } from '../client/redis.ts';

/**
 * Tells nodes what became of their sessions. A notice may be lost, and may come twice: gens fence in every slot, so a node that
 * does not hear of it acts in vain, and one that hears of a gen that it has itself takes no notice. But its clients would stay, and be
 * gone for all others: so it is told when it may not have heard all.
 */
export class SessionNotices {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Never rejects: what it is about is done, and would not be undone. */
  async tell(node: string, notices: readonly SessionNotice[]): Promise<void> {
    if (notices.length === 0) return;
    const message = Buffer.from(JSON.stringify(notices));
    await this.#redis.publish(channelOf(node), message).catch(() => undefined);
  }

  watch(node: string, listener: SessionListener): Promise<{ close(): void }> {
    return this.#redis.subscribe(channelOf(node), {
      onMessage: (message) => {
        for (const notice of JSON.parse(message.toString()) as readonly SessionNotice[])
          listener.onNotice(notice);
      },
      onInterrupted: () => listener.onMissed(),
    });
  }
}

function channelOf(node: string): string {
  return `channel:node:{${node}}`;
}
