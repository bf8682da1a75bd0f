/** A value that changes, and those who want to know. */
export class Store<T extends object> {
  #value: Readonly<T>;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get(): Readonly<T> {
    return this.#value;
  }

  /** Replaces the named fields. */
  set(change: Partial<T>): void {
    this.#value = { ...this.#value, ...change };
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after each change; the returned function ends that. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
