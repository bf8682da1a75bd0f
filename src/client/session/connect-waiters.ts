import type { SignalError } from '../../shared/signal-error.ts';

/** Those who wait for the client to be signed in. */
export class ConnectWaiters {
  #waiting: { resolve(): void; reject(error: SignalError): void }[] = [];

  /** Resolves when signed in; rejects when the session is over before that. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve, reject) => void this.#waiting.push({ resolve, reject }));
  }

  signedIn(): void {
    for (const waiter of this.#take()) waiter.resolve();
  }

  over(error: SignalError): void {
    for (const waiter of this.#take()) waiter.reject(error);
  }

  #take() {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}
