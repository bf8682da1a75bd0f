import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../port/log.ts';

/** How long refusals are gathered into one line. */
const gatherMs = 1_000;

/** Counts the connections that are refused, by why: however many there are, the log has one line a second. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counts = new Map<string, number>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  note(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    this.#cancel ??= this.#clock.after(gatherMs, () => this.write());
  }

  /** Writes what was gathered, if anything. */
  write(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#counts.size === 0) return;
    this.#log.warn('connection.refused', Object.fromEntries(this.#counts));
    this.#counts.clear();
  }
}
