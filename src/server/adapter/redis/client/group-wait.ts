import type { PackedArguments } from './packed-arguments.ts';
import type { RedisArgument, RedisReply } from './redis.ts';
import type { RedisConnection } from './redis-connection.ts';
import { RedisFault } from './redis-fault.ts';

/**
 * Scripts of one connection whose answer counts when a replica has what they wrote. WAIT holds its connection up until it is answered, so there
 * is one at a time: it waits for all that was sent before it, and what is sent meanwhile waits together by the next one.
 */
export class GroupWait {
  readonly #connection: Pick<RedisConnection, 'run' | 'send'>;
  readonly #withinMs: number;
  /** Settled when the WAIT that was sent is answered, however. */
  #sent: Promise<void> | undefined;
  /** Of the WAIT that is yet to be sent. */
  #next: Promise<void> | undefined;

  /** `withinMs`: how long a replica may take. */
  constructor(connection: Pick<RedisConnection, 'run' | 'send'>, withinMs: number) {
    this.#connection = connection;
    this.#withinMs = withinMs;
  }

  /**
   * Calls a script. Rejects with a fault: `unknown` where it was carried out and it is not known whether a replica has it. `isAsking`: also
   * where the slot is still on its way to the server.
   */
  async run(call: PackedArguments, args: readonly RedisArgument[], isAsking = false): Promise<RedisReply> {
    // In this order both are written at once.
    const replicated = this.replicated();
    const reply = await this.#connection.run(call, args, isAsking);
    await replicated;
    return reply;
  }

  /** Resolves when a replica has all that is sent in this turn of the event loop, and before. Rejects with a fault `unknown`. */
  replicated(): Promise<void> {
    if (this.#next === undefined) {
      this.#next = this.#sent === undefined ? this.#askSoon() : this.#sent.then(() => this.#askSoon());
      // Nobody may wait for it: what it is about may have failed by itself.
      this.#next.catch(() => undefined);
    }
    return this.#next;
  }

  #askSoon(): Promise<void> {
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#next = undefined;
        const asked = this.#ask();
        const settled = () => {
          this.#sent = undefined;
        };
        this.#sent = asked.then(settled, settled);
        asked.then(resolve, reject);
      });
    });
  }

  async #ask(): Promise<void> {
    const replicas = await this.#connection.send('WAIT', [1, this.#withinMs]).catch((error: unknown) => {
      throw new RedisFault('unknown', error instanceof Error ? error.message : String(error));
    });
    if (replicas === 0) throw new RedisFault('unknown', `no replica had it within ${this.#withinMs} ms`);
  }
}
