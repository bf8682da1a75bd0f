import type { Liveness } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Connection } from './connection.ts';
import type { Patience } from './patience.ts';

export interface HeartbeatOptions {
  readonly connection: Pick<Connection, 'silentMs' | 'bufferedBytes' | 'drop'>;
  readonly liveness: Liveness | undefined;
  readonly patience: Patience;
  readonly clock: Clock;
  /** Sends a `Heartbeat`. */
  readonly beat: () => void;
  /** Since when an answer is due, by the monotonic clock; undefined: none is. */
  readonly owedSinceMs: () => number | undefined;
}

/** A heartbeat after which nothing was heard yet. */
interface Probe {
  readonly sentAtMs: number;
  /** When the network last took some of what waits to be sent; at first, when the heartbeat was sent. */
  aliveAtMs: number;
  bufferedBytes: number;
  /** It was sent in place of one whose time ran out while the program stood still. */
  readonly isRenewed: boolean;
}

const defaultIntervalMs = 10_000;
const defaultTimeoutMs = 60_000;
/** How long an answer may be due, and nothing come, before it is asked whether the connection lives: nearly every answer is quicker. */
const askAfterMs = 2_000;
/** How often it is looked what became of a heartbeat. */
const lookIntervalMs = 1_000;
/** A timer later than this fires in a program that stood still, or in the background: what has come may wait behind it. */
const lateMs = 1_000;

/**
 * Says regularly that the client is there, and drops the connection when the server is not: when nothing comes after a heartbeat. One is
 * sent out of turn where an answer is due. Whatever comes is life, and so is what the network takes of a long message.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  readonly #timeoutMs: number;
  #probe: Probe | undefined;
  /** When it is looked next; undefined: nothing is due. */
  #lookAtMs: number | undefined;
  #cancelBeat = () => {};
  #cancelLook = () => {};

  constructor(options: HeartbeatOptions) {
    const { liveness } = options;
    this.#options = options;
    this.#intervalMs = orDefault(liveness?.heartbeatIntervalMs, defaultIntervalMs);
    this.#timeoutMs = orDefault(liveness?.pingTimeoutMs, defaultTimeoutMs);
    this.#scheduleBeat();
    this.asked();
  }

  /** Something was sent that the server has to answer. */
  asked(): void {
    if (this.#lookAtMs === undefined) this.#lookAfter(askAfterMs);
  }

  /** Asks at once whether the connection still lives: the network, or the machine, was away. */
  probe(): void {
    this.#beginProbe(false);
    this.#options.beat();
  }

  stop(): void {
    this.#cancelBeat();
    this.#cancelLook();
  }

  get #nowMs(): number {
    return this.#options.clock.monotonicMs();
  }

  get #patienceMs(): number {
    return this.#options.patience.within(this.#timeoutMs);
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.clock.after(this.#intervalMs, () => {
      this.#scheduleBeat();
      this.#noteAnswer();
      // Where one waits already, its time goes on.
      if (this.#probe === undefined) this.#beginProbe(false);
      this.#options.beat();
    });
  }

  /** Before the heartbeat is sent: it waits in every socket for a moment, which says nothing of the network. */
  #beginProbe(isRenewed: boolean): void {
    const nowMs = this.#nowMs;
    const { bufferedBytes } = this.#options.connection;
    this.#probe = { sentAtMs: nowMs, aliveAtMs: nowMs, bufferedBytes, isRenewed };
    this.#lookAfter(Math.min(lookIntervalMs, this.#patienceMs));
  }

  #lookAfter(delayMs: number): void {
    this.#lookAtMs = this.#nowMs + delayMs;
    this.#cancelLook();
    this.#cancelLook = this.#options.clock.after(delayMs, () => this.#look());
  }

  #look(): void {
    const isLate = this.#nowMs - (this.#lookAtMs ?? 0) > lateMs;
    this.#lookAtMs = undefined;
    this.#noteAnswer();
    if (this.#probe === undefined) this.#lookForAnswers();
    else this.#lookAtProbe(this.#probe, isLate);
  }

  #noteAnswer(): void {
    if (this.#probe === undefined) return;
    const tookMs = this.#nowMs - this.#probe.sentAtMs;
    if (this.#options.connection.silentMs >= tookMs) return;
    this.#probe = undefined;
    this.#options.patience.answered(tookMs);
  }

  #lookForAnswers(): void {
    const owedSinceMs = this.#options.owedSinceMs();
    if (owedSinceMs === undefined) return;
    const dueMs = Math.min(this.#nowMs - owedSinceMs, this.#options.connection.silentMs);
    if (dueMs >= askAfterMs) this.probe();
    else this.#lookAfter(askAfterMs - dueMs);
  }

  #lookAtProbe(probe: Probe, isLate: boolean): void {
    const { connection, patience, beat } = this.#options;
    const { bufferedBytes } = connection;
    if (bufferedBytes < probe.bufferedBytes) probe.aliveAtMs = this.#nowMs;
    probe.bufferedBytes = bufferedBytes;
    const leftMs = probe.aliveAtMs + this.#patienceMs - this.#nowMs;
    if (leftMs > 0) {
      this.#lookAfter(Math.min(lookIntervalMs, leftMs));
    } else if (isLate && !probe.isRenewed) {
      this.#beginProbe(true);
      beat();
    } else {
      patience.ranOut();
      this.stop();
      connection.drop('nothing was heard from the server');
    }
  }
}

function orDefault(ms: number | undefined, otherwise: number): number {
  return ms === undefined || ms === 0 ? otherwise : ms;
}
