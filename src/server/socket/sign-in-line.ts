import { ErrorCode, SignalError } from '../../shared/signal-error.ts';

export interface SignInLineOptions {
  /** How many sign-ins run at once. */
  readonly atOnce: number;
  /** How many may wait beside them. */
  readonly waiting: number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

/** One sign-in's place in the line. */
export interface Turn {
  /** Resolves when it is its turn, or when it left. */
  readonly come: Promise<void>;
  readonly hasCome: boolean;
  /** It is done, or of no use any more: the next comes. */
  leave(): void;
}

const leastRetryAfterMs = 1_000;
/** Those who are sent away come back over this time, so that they do not all come at once. */
const spreadMs = 4_000;

/** Lets so many sign-ins run at once; the others wait in line, and those for whom it is too long come again later. */
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
    const { atOnce, waiting } = this.#options;
    if (this.#running >= atOnce && this.#waiting.size >= waiting)
      throw this.tooLong(`${this.#waiting.size} sign-ins wait, the limit is ${waiting}`);
    let state: 'waiting' | 'running' | 'gone' = 'waiting';
    let resolve = () => {};
    const come = new Promise<void>((settle) => {
      resolve = settle;
    });
    const go = () => {
      state = 'running';
      this.#running++;
      resolve();
    };
    if (this.#running < atOnce) go();
    else this.#waiting.add(go);
    return {
      come,
      get hasCome() {
        return state === 'running';
      },
      leave: () => {
        if (state === 'running') {
          this.#running--;
          this.#next();
        } else {
          this.#waiting.delete(go);
          resolve();
        }
        state = 'gone';
      },
    };
  }

  /** RATE_LIMITED, with a time to come again that differs from one to the next. */
  tooLong(message: string): SignalError {
    const random = this.#options.random ?? Math.random;
    const retryAfterMs = leastRetryAfterMs + Math.floor(random() * spreadMs);
    return new SignalError(ErrorCode.RATE_LIMITED, message, { retryAfterMs });
  }

  #next(): void {
    const [go] = this.#waiting;
    if (go === undefined) return;
    this.#waiting.delete(go);
    go();
  }
}
