/** Typed events, for the client, its rooms and their calls. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<{ readonly call: (payload: never) => void }>>();
  readonly #onThrown: (thrown: unknown, event: keyof Events) => void;

  /** `onThrown` gets what a listener throws: the other listeners are called all the same. */
  constructor(onThrown: (thrown: unknown, event: keyof Events) => void) {
    this.#onThrown = onThrown;
  }

  /** Calls the listener at each event from now on; the returned function ends that. */
  on<Name extends keyof Events>(event: Name, listener: (payload: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    const entry = { call: listener };
    this.#listeners.set(event, listeners.add(entry));
    return () => void listeners.delete(entry);
  }

  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void {
    for (const { call } of [...(this.#listeners.get(event) ?? [])]) {
      try {
        call(payload as never);
      } catch (thrown) {
        this.#onThrown(thrown, event);
      }
    }
  }

  /** Whether anybody listens. */
  has(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }
}
