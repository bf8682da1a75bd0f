import type { Clock } from '../../../../shared/clock.ts';
import type { RedisAddress } from './redis-connection.ts';
import type { RedisPrimary } from './redis-primary.ts';

/** How long the connections to one are kept that nobody asked, in milliseconds. */
const keptMs = 10_000;

interface Asked {
  readonly server: RedisPrimary;
  /** By the monotonic clock. */
  atMs: number;
}

/** Servers that have no slots yet, as far as is known, and to which some are on their way: where a primary said so, they are asked. */
export class AskedServers {
  readonly #clock: Clock;
  readonly #connect: (address: RedisAddress) => RedisPrimary;
  readonly #asked = new Map<string, Asked>();

  constructor(clock: Clock, connect: (address: RedisAddress) => RedisPrimary) {
    this.#clock = clock;
    this.#connect = connect;
  }

  /** The server at an address, which is about to be asked. */
  at(address: RedisAddress): RedisPrimary {
    const atMs = this.#clock.monotonicMs();
    const name = nameOf(address);
    const asked = this.#asked.get(name) ?? { server: this.#connect(address), atMs };
    asked.atMs = atMs;
    this.#asked.set(name, asked);
    return asked.server;
  }

  /** It has slots now: it is the caller's from here on, where it was asked before. */
  take(address: RedisAddress): RedisPrimary | undefined {
    const name = nameOf(address);
    const asked = this.#asked.get(name);
    this.#asked.delete(name);
    return asked?.server;
  }

  /** Of those that nobody asked for long. */
  closeUnused(): void {
    const beforeMs = this.#clock.monotonicMs() - keptMs;
    for (const [name, { server, atMs }] of this.#asked) {
      if (atMs > beforeMs) continue;
      this.#asked.delete(name);
      server.close();
    }
  }

  close(): void {
    for (const { server } of this.#asked.values()) server.close();
    this.#asked.clear();
  }
}

/** By which a server is known. */
export function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}
