import { backoffDelayMs } from '../../../../shared/backoff.ts';
import { Pause } from '../../../../shared/pause.ts';
import type { Outage } from './outage.ts';
import { RedisConnection, type RedisConnectionOptions } from './redis-connection.ts';

export interface KeptConnectionOptions extends RedisConnectionOptions {
  /** Is told why there is no connection, and when there is one. */
  readonly outage: Outage;
  /** Makes a connection that was just opened fit for use. Where it rejects, another one is opened. */
  readonly prepare?: (connection: RedisConnection) => Promise<void>;
  /** There is a connection now, or none any more; not called for one that is let go. */
  readonly onChange?: (connection: RedisConnection | undefined) => void;
  /** Whether it is asked every second if it is there, for connections on which nothing may be sent for long. Default false. */
  readonly isPinged?: boolean;
}

const reconnectBackoff = { firstDelayMs: 50, maxDelayMs: 1_000 };
const pingIntervalMs = 1_000;

/** A connection to one server that is made anew whenever it is lost, for as long as it is wanted. */
export class KeptConnection {
  readonly #options: KeptConnectionOptions;
  readonly #pause: Pause;
  #current: RedisConnection | undefined;
  #isWanted = false;
  #isRunning = false;

  constructor(options: KeptConnectionOptions) {
    this.#options = options;
    this.#pause = new Pause(options.clock);
  }

  /** The one that can be used; undefined: there is none at the moment. */
  get current(): RedisConnection | undefined {
    return this.#current;
  }

  /** From now on there is to be one. */
  keep(): void {
    this.#isWanted = true;
    if (!this.#isRunning) void this.#keepUp();
  }

  /** None is wanted any more, until `keep`. */
  letGo(): void {
    this.#isWanted = false;
    this.#pause.end();
    const connection = this.#current;
    this.#current = undefined;
    connection?.close('it is not wanted any more');
  }

  /** Lets the one that there is go, for another. */
  renew(reason: string): void {
    this.#current?.close(reason);
  }

  async #keepUp(): Promise<void> {
    this.#isRunning = true;
    for (let failures = 0; this.#isWanted; ) {
      try {
        const connection = await this.#open();
        failures = 0;
        await this.#use(connection);
      } catch (error) {
        this.#options.outage.failed(error instanceof Error ? error.message : String(error));
      }
      await this.#waitAfter(failures++);
    }
    this.#isRunning = false;
  }

  async #waitAfter(failures: number): Promise<void> {
    if (this.#isWanted) await this.#pause.wait(backoffDelayMs(reconnectBackoff, failures));
  }

  async #open(): Promise<RedisConnection> {
    const connection = await RedisConnection.open(this.#options);
    try {
      await this.#options.prepare?.(connection);
      return connection;
    } catch (error) {
      connection.close('it could not be made fit for use');
      throw error;
    }
  }

  /** Resolves when the connection is lost, or let go. */
  async #use(connection: RedisConnection): Promise<void> {
    if (!this.#isWanted) {
      connection.close('it is not wanted any more');
      return;
    }
    const { outage, onChange, isPinged = false } = this.#options;
    this.#current = connection;
    outage.ended();
    onChange?.(connection);
    const stopPings = isPinged ? this.#ping(connection) : undefined;
    const reason = await connection.closed;
    stopPings?.();
    if (this.#current !== connection) return;
    this.#current = undefined;
    outage.failed(reason);
    onChange?.(undefined);
  }

  /** Asks whether it is there; the answer has a deadline. Gives what ends that. */
  #ping(connection: RedisConnection): () => void {
    let isStopped = false;
    let cancel: () => void = () => undefined;
    const later = () => {
      if (!isStopped) cancel = this.#options.clock.after(pingIntervalMs, ping);
    };
    const ping = () => void connection.send('PING', []).then(later, later);
    later();
    return () => {
      isStopped = true;
      cancel();
    };
  }
}
