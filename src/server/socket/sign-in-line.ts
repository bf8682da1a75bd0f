import type { Clock } from '../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

export interface SignInLineOptions {
  /** How many sign-ins run at once. */
  readonly atOnce: number;
  /** How many may wait beside them. */
  readonly waiting: number;
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** One sign-in's place in the line. */
export interface Turn {
  /** Resolves when it is its turn, or when it left. */
  readonly come: Promise<void>;
  /** Whether it came, and was not left; it may be over. */
  readonly hasCome: boolean;
  /** It is done, or of no use any more: the next comes. */
  leave(): void;
}

/**
 * For so long a sign-in counts as running, in milliseconds: it is done in a fraction of that, also when many come at once. One that takes
 * longer waits some seconds for what is away, as the shard of its session or of a room of it, and needs nothing of this node meanwhile.
 */
const longestTurnMs = 100;
const leastRetryAfterMs = 1_000;
/** Those who are sent away come back over this time, so that they do not all come at once. */
const spreadMs = 4_000;

/**
 * Lets so many sign-ins run at once; the others wait in line, though not for one that takes long, and those for whom the line is too
 * long come again later.
 */
export class SignInLine {
  readonly #options: SignInLineOptions;
  /** What lets each that waits go on, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(options: SignInLineOptions) {
    this.#options = options;
  }

  /** Throws RATE_LIMITED, with a time to come again, where as many wait as may. */
  enter(): Turn {
    const { atOnce, waiting, clock } = this.#options;
    if (this.#running >= atOnce && this.#waiting.size >= waiting)
      throw this.tooLong(`${this.#waiting.size} sign-ins wait, the limit is ${waiting}`);
    let state: 'waiting' | 'running' | 'slow' | 'gone' = 'waiting';
    let resolve = () => {};
    let cancel = () => {};
    const come = new Promise<void>((settle) => {
      resolve = settle;
    });
    const go = () => {
      state = 'running';
      this.#running++;
      cancel = clock.after(longestTurnMs, () => {
        state = 'slow';
        this.#ended();
      });
      resolve();
    };
    if (this.#running < atOnce) go();
    else this.#waiting.add(go);
    return {
      come,
      get hasCome() {
        return state === 'running' || state === 'slow';
      },
      leave: () => {
        const wasRunning = state === 'running';
        state = 'gone';
        cancel();
        this.#waiting.delete(go);
        resolve();
        if (wasRunning) this.#ended();
      },
    };
  }

  /** RATE_LIMITED, with a time to come again that differs from one to the next. */
  tooLong(message: string): SignalError {
    const random = this.#options.random ?? Math.random;
    const retryAfterMs = leastRetryAfterMs + Math.floor(random() * spreadMs);
    return new SignalError(ErrorCode.RATE_LIMITED, message, { retryAfterMs });
  }

  #ended(): void {
    this.#running--;
    const [go] = this.#waiting;
    if (go === undefined) return;
    this.#waiting.delete(go);
    go();
  }
}
