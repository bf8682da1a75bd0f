import type { Liveness } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';

export interface HeartbeatOptions {
  readonly liveness: Liveness | undefined;
  readonly clock: Clock;
  /** Sends a `Heartbeat`. */
  readonly beat: () => void;
  /** How long nothing has come, in milliseconds. */
  readonly silentMs: () => number;
  /** Nothing has come for the ping timeout. Called at most once. */
  readonly onSilent: () => void;
}

const defaultIntervalMs = 10_000;
const defaultTimeoutMs = 60_000;
/** How long a connection may take to answer after the network came back. */
const probeTimeoutMs = 3_000;

/** Says regularly that the client is there, and notices when the server is not. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #cancelBeat = () => {};
  #cancelCheck = () => {};
  #cancelProbe = () => {};

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = orDefault(options.liveness?.heartbeatIntervalMs, defaultIntervalMs);
    this.#timeoutMs = orDefault(options.liveness?.pingTimeoutMs, defaultTimeoutMs);
    this.#scheduleBeat();
    this.#scheduleCheck(this.#timeoutMs);
  }

  /** Asks at once whether the connection still lives: the network, or the machine, was away. */
  probe(): void {
    const { beat, clock, silentMs } = this.#options;
    beat();
    this.#cancelProbe();
    this.#cancelProbe = clock.after(probeTimeoutMs, () => {
      if (silentMs() >= probeTimeoutMs) this.#silent();
    });
  }

  stop(): void {
    this.#cancelBeat();
    this.#cancelCheck();
    this.#cancelProbe();
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.clock.after(this.#intervalMs, () => {
      this.#options.beat();
      this.#scheduleBeat();
    });
  }

  #scheduleCheck(delayMs: number): void {
    this.#cancelCheck = this.#options.clock.after(delayMs, () => {
      const leftMs = this.#timeoutMs - this.#options.silentMs();
      if (leftMs <= 0) this.#silent();
      else this.#scheduleCheck(leftMs);
    });
  }

  #silent(): void {
    this.stop();
    this.#options.onSilent();
  }
}

function orDefault(ms: number | undefined, otherwise: number): number {
  return ms === undefined || ms === 0 ? otherwise : ms;
}
