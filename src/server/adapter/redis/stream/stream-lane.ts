import type { Clock } from '../../../../shared/clock.ts';
import { ErrorCode, SignalError } from '../../../../shared/signal-error.ts';
import type { Commit, CommitResult } from '../../../port/room-log.ts';
import { RedisFault } from '../client/redis-fault.ts';
import { isRelay } from './stream-commands.ts';
import type { StreamPlace } from './stream-place.ts';

export interface StreamLaneOptions {
  readonly clock: Clock;
  /** Sends commits once, relays or a single other one: the result of each, in order. Rejects with a fault. */
  readonly send: (place: StreamPlace, commits: readonly Commit[]) => Promise<readonly CommitResult[]>;
  /** Waits before they are sent again. */
  readonly pause: () => Promise<void>;
  /** How long a commit may wait to be carried out, in milliseconds. */
  readonly timeoutMs: number;
  /** How long after that it is asked whether one was carried out of which that is not known, in milliseconds. */
  readonly doubtMs: number;
  /** Nobody keeps the lane any more, and nothing waits. */
  readonly onUnused: (place: StreamPlace) => void;
}

interface Waiting {
  readonly commit: Commit;
  readonly isRelay: boolean;
  /** By the monotonic clock. */
  readonly sinceMs: number;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Most relays that go to the store in one piece. */
const maxBatch = 64;

/**
 * The commits of this node to one stream, in order: what waits goes in batches, one in flight. A batch of which it is not known whether
 * it was carried out is sent again before anything else: each of its commits has its effect once.
 */
export class StreamLane {
  readonly #place: StreamPlace;
  readonly #options: StreamLaneOptions;
  #waiting: Waiting[] = [];
  #isRunning = false;
  #keepers = 0;

  /** `options` may be those of other lanes too. */
  constructor(place: StreamPlace, options: StreamLaneOptions) {
    this.#place = place;
    this.#options = options;
  }

  /** For whoever will commit again and again. Returns what lets go of it, to be called once. */
  keep(): () => void {
    this.#keepers++;
    return () => {
      this.#keepers--;
      this.#endUnused();
    };
  }

  /** Rejects UNAVAILABLE where it surely had no effect, OUTCOME_UNKNOWN where it may have had. */
  commit(commit: Commit): Promise<CommitResult> {
    return new Promise((resolve, reject) => {
      const sinceMs = this.#options.clock.monotonicMs();
      this.#waiting.push({ commit, isRelay: isRelay(commit), sinceMs, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What else this turn of the event loop brings goes along.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#settle(this.#takeBatch());
    this.#isRunning = false;
    this.#endUnused();
  }

  #endUnused(): void {
    if (this.#keepers === 0 && !this.#isRunning) this.#options.onUnused(this.#place);
  }

  #takeBatch(): Waiting[] {
    const waiting = this.#waiting;
    let relays = 0;
    while (relays < waiting.length && relays < maxBatch && waiting[relays]?.isRelay === true) relays++;
    if (relays < waiting.length) return waiting.splice(0, Math.max(relays, 1));
    this.#waiting = [];
    return waiting;
  }

  /** Sends a batch until its outcome is known, or for so long as its commits may wait. */
  async #settle(all: Waiting[]): Promise<void> {
    let batch = all;
    for (let isInDoubt = false; batch.length > 0; ) {
      try {
        const commits = batch.map(({ commit }) => commit);
        const results = await this.#options.send(this.#place, commits);
        for (let index = 0; index < batch.length; index++) {
          const result = results[index] as CommitResult;
          const isDoubtful = isInDoubt && result.outcome === 'refused';
          batch[index]?.resolve(isDoubtful ? { ...result, inDoubt: true } : result);
        }
        return;
      } catch (thrown) {
        if (!(thrown instanceof RedisFault) || thrown.kind === 'refused') {
          for (const { reject } of batch) reject(isInDoubt ? unknown(thrown) : thrown);
          return;
        }
        if (thrown.kind === 'unknown') isInDoubt = true;
        batch = this.#giveUpLate(batch, thrown, isInDoubt);
        // Nothing of what waits behind it was sent.
        this.#waiting = this.#giveUpLate(this.#waiting, thrown, false);
        if (batch.length > 0) await this.#options.pause();
      }
    }
  }

  /** Rejects what has waited for too long; gives the rest. */
  #giveUpLate(waiting: readonly Waiting[], fault: RedisFault, isInDoubt: boolean): Waiting[] {
    const { clock, timeoutMs, doubtMs } = this.#options;
    const beforeMs = clock.monotonicMs() - timeoutMs - (isInDoubt ? doubtMs : 0);
    return waiting.filter(({ sinceMs, reject }) => {
      if (sinceMs > beforeMs) return true;
      reject(isInDoubt ? unknown() : unavailable(fault));
      return false;
    });
  }
}

function unavailable(cause: RedisFault): SignalError {
  const why = cause.isRefusal ? 'the store takes no writes for now' : 'the store can not be reached';
  return new SignalError(ErrorCode.UNAVAILABLE, `${why}: the request had no effect`, { cause });
}

function unknown(cause?: unknown): SignalError {
  const message = 'the store was lost before it answered: the request may have had its effect';
  return new SignalError(ErrorCode.OUTCOME_UNKNOWN, message, { cause });
}
