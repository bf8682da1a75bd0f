/** Rings when something has changed, so that others need not look again and again. */
export class Bell {
  readonly #listeners = new Set<() => void>();

  ring(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  /** Resolves to true as soon as the condition holds after a ring, and to false when the time is up. */
  async until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition()) return true;
    return await new Promise((resolve) => {
      const end = (holds: boolean) => {
        clearTimeout(timer);
        this.#listeners.delete(look);
        resolve(holds);
      };
      const look = () => {
        if (condition()) end(true);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      this.#listeners.add(look);
    });
  }
}
