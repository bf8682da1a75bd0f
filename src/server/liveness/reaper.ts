import type { Clock } from '../../shared/clock.ts';
import { SignalError } from '../../shared/signal-error.ts';
import type { Log } from '../port/log.ts';
import type { SessionRecord, SessionStore } from '../port/session-store.ts';
import type { StoreStatus } from '../port/store-status.ts';
import type { RoomLeaver } from './room-leaver.ts';

export interface ReaperOptions {
  readonly store: SessionStore;
  readonly status: StoreStatus;
  /** Whose sessions it looks after. */
  readonly node: string;
  readonly leaver: RoomLeaver;
  readonly clock: Clock;
  readonly log: Log;
  /** How often it looks, in milliseconds: a session ends at most this long after its window. */
  readonly intervalMs: number;
  /**
   * After the store was away, in part or in whole: how long sessions may come back at least that could not while it was, in milliseconds; those with
   * a longer window have that.
   */
  readonly graceMs: number;
}

const batch = 500;
/** So many are ended at once: those of a node that died are many. */
const atOnce = 50;

/** Ends the sessions whose reconnection window ran out, and finishes those that ended and left something behind. */
export class Reaper {
  readonly #options: ReaperOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;
  /** Sessions that are due and could not be ended, those that were tried last at the end. */
  readonly #failing = new Set<string>();
  /** The store was there and refused to say what is due. */
  #isRefused = false;
  #watching: { close(): void } | undefined;
  /** When the store was last back, by the monotonic clock: from then on sessions that could not come back have their window once more. */
  #graceFromMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watching = this.#options.status.watch((isAvailable) => {
      if (isAvailable) this.#beginGrace();
    });
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#watching?.close();
  }

  #next(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      void this.#round().finally(() => this.#next());
    });
  }

  async #round(): Promise<void> {
    try {
      for (let isMore = true; isMore && !this.#stopped; ) isMore = await this.#endDue();
    } catch (thrown) {
      this.#failed(SignalError.from(thrown));
    }
  }

  /** Ends a batch. Those that failed before come last, a few at a time, and in nobody's place. True: there may be more. */
  async #endDue(): Promise<boolean> {
    const { store, node } = this.#options;
    const limit = batch + this.#failing.size;
    const due = new Map((await store.due(node, limit)).map((record) => [record.sessionId, record]));
    if (this.#isRefused) {
      this.#isRefused = false;
      this.#beginGrace();
    }
    for (const id of this.#failing) if (!due.has(id)) this.#failing.delete(id);
    const fresh = [...due.values()].filter(({ sessionId }) => !this.#failing.has(sessionId));
    const again = [...this.#failing].slice(0, atOnce).flatMap((id) => due.get(id) ?? []);
    const turn = [...fresh, ...again];
    let ended = 0;
    for (let i = 0; i < turn.length; i += atOnce) {
      const results = await Promise.all(turn.slice(i, i + atOnce).map((record) => this.#tryToEnd(record)));
      ended += results.filter(Boolean).length;
    }
    return due.size === limit && ended > 0;
  }

  #beginGrace(): void {
    const { clock, log, graceMs } = this.#options;
    this.#graceFromMs = clock.monotonicMs();
    log.info('reaper.grace', { graceMs });
  }

  /** In the log once for each time that the store refuses; that it is away its status tells. */
  #failed(error: SignalError): void {
    const { log, status } = this.#options;
    if (!error.retryable) log.error('reaper.round', error);
    if (!status.isAvailable) return;
    if (error.retryable && !this.#isRefused) log.warn('reaper.waits', { code: error.codeName });
    this.#isRefused = true;
  }

  /** One that can't be finished yet stays due, and holds up no other. False: it is still due. */
  async #tryToEnd(record: SessionRecord): Promise<boolean> {
    // It goes to the end of those that are tried again.
    this.#failing.delete(record.sessionId);
    try {
      return await this.#end(record);
    } catch (thrown) {
      this.#failing.add(record.sessionId);
      const error = SignalError.from(thrown);
      if (!error.retryable) this.#options.log.error('reaper.session', thrown, { session: record.sessionId });
      return false;
    }
  }

  async #end(record: SessionRecord): Promise<boolean> {
    const { store, leaver } = this.#options;
    if (record.ended === undefined && !this.#mayEndLost(record)) return false;
    const ended = record.ended === undefined ? await store.end(record, record.gen, 'lost') : record;
    if (ended !== undefined) await leaver.finish(ended);
    return true;
  }

  /** Who can't be attached because a part of the store is away, or finds no node that is ready, shall not end by that. */
  #mayEndLost({ windowMs }: SessionRecord): boolean {
    const { status, clock, graceMs } = this.#options;
    return status.isAvailable && clock.monotonicMs() >= this.#graceFromMs + Math.max(graceMs, windowMs);
  }
}
