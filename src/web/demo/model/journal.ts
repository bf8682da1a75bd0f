import { Store } from './store.ts';

export type JournalKind = 'people' | 'signal' | 'media' | 'connection' | 'problem';

/** One line of what happened. */
export interface JournalEntry {
  readonly number: number;
  readonly at: Date;
  readonly kind: JournalKind;
  readonly text: string;
}

interface JournalState {
  /** Newest first. */
  readonly entries: readonly JournalEntry[];
  /** The newest line that a screen reader should say. */
  readonly announcement: string;
}

/** Older lines than this many are forgotten. */
const maxEntries = 200;

/** What happened in the room, for the person in it. */
export class Journal {
  readonly store = new Store<JournalState>({ entries: [], announcement: '' });
  #count = 0;

  /** Adds a line. People, connection and problems are also announced; the steps of a negotiation are not. */
  add(kind: JournalKind, text: string): void {
    this.#count += 1;
    const entry: JournalEntry = { number: this.#count, at: new Date(), kind, text };
    const announced = kind === 'people' || kind === 'connection' || kind === 'problem';
    this.store.set({
      entries: [entry, ...this.store.get().entries].slice(0, maxEntries),
      ...(announced ? { announcement: text } : {}),
    });
  }

  clear(): void {
    this.store.set({ entries: [], announcement: '' });
  }
}
