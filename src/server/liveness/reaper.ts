import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../port/log.ts';
import type { SessionRecord, SessionStore } from '../port/session-store.ts';
import type { RoomLeaver } from './room-leaver.ts';

export interface ReaperOptions {
  readonly store: SessionStore;
  /** Whose sessions it looks after. */
  readonly node: string;
  readonly leaver: RoomLeaver;
  readonly clock: Clock;
  readonly log: Log;
  /** How often it looks, in milliseconds: a session ends at most this long after its window. */
  readonly intervalMs: number;
}

const batch = 500;
/** So many are ended at once: those of a node that died are many. */
const atOnce = 50;

/** Ends the sessions whose reconnection window ran out, and finishes those that ended and left something behind. */
export class Reaper {
  readonly #options: ReaperOptions;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(this.#options.intervalMs, () => {
      void this.#round().finally(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    const { store, node, log } = this.#options;
    try {
      const due = await store.due(node, batch);
      for (let i = 0; i < due.length; i += atOnce) {
        await Promise.all(due.slice(i, i + atOnce).map((record) => this.#tryToEnd(record)));
      }
    } catch (error) {
      log.error('reaper.round', error);
    }
  }

  /** One that can't be finished yet stays due, and holds up no other. */
  async #tryToEnd(record: SessionRecord): Promise<void> {
    try {
      await this.#end(record);
    } catch (error) {
      this.#options.log.error('reaper.session', error, { session: record.sessionId });
    }
  }

  async #end(record: SessionRecord): Promise<void> {
    const { store, leaver } = this.#options;
    const ended = record.ended === undefined ? await store.end(record, record.gen, 'lost') : record;
    if (ended !== undefined) await leaver.finish(ended);
  }
}
