import type { SessionStore } from '../../../../../src/server/port/session-store.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';

/** A store that can lose all that it has, as by a flush. */
export class LosableSessionStore implements SessionStore {
  #store: SessionStore;
  readonly #begin: () => SessionStore;
  /** What a restoration waits for on its way to the store. */
  wayOfRestore: Promise<void> | undefined;
  /** Whose part of the store answers nothing. */
  silentTo: string | undefined;
  /** Whether no room can be taken off a record. */
  keepsRooms = false;

  constructor(begin: () => SessionStore) {
    this.#begin = begin;
    this.#store = begin();
  }

  lose(): void {
    this.#store = this.#begin();
  }

  readonly restore: SessionStore['restore'] = async (request) => {
    await this.wayOfRestore;
    return this.#store.restore(request);
  };
  readonly removeRoom: SessionStore['removeRoom'] = (...args) =>
    this.keepsRooms
      ? Promise.reject(new SignalError(ErrorCode.UNAVAILABLE, 'on purpose'))
      : this.#store.removeRoom(...args);
  readonly open: SessionStore['open'] = (request) => this.#store.open(request);
  readonly attach: SessionStore['attach'] = (request) => this.#store.attach(request);
  readonly detach: SessionStore['detach'] = (...args) => this.#store.detach(...args);
  readonly addRoom: SessionStore['addRoom'] = (ref, ...args) =>
    ref.userId === this.silentTo ? new Promise(() => undefined) : this.#store.addRoom(ref, ...args);
  readonly end: SessionStore['end'] = (...args) => this.#store.end(...args);
  readonly forget: SessionStore['forget'] = (ref) => this.#store.forget(ref);
  readonly due: SessionStore['due'] = (...args) => this.#store.due(...args);
  readonly adopt: SessionStore['adopt'] = (...args) => this.#store.adopt(...args);
  readonly sessions: SessionStore['sessions'] = (userId) => this.#store.sessions(userId);
  readonly watch: SessionStore['watch'] = (...args) => this.#store.watch(...args);
}
