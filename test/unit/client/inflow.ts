const patienceMs = 5_000;

/** What comes in, for a test to take in order. */
export class Inflow<Item> {
  readonly #what: string;
  readonly #items: Item[] = [];
  readonly #waiting: ((item: Item) => void)[] = [];

  constructor(what: string) {
    this.#what = what;
  }

  put(item: Item): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting(item);
  }

  get untaken(): readonly Item[] {
    return this.#items;
  }

  /** The next one; rejects when none comes. */
  async next(): Promise<Item> {
    const item = this.#items.shift();
    if (item !== undefined) return item;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no ${this.#what} came in ${patienceMs} ms`)),
        patienceMs,
      );
      this.#waiting.push((late) => {
        clearTimeout(timer);
        resolve(late);
      });
    });
  }
}
