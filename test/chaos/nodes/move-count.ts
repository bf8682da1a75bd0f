const secondMs = 1_000;

/** The clients that go elsewhere while nodes drain, as it is seen from outside of nodes and clients. */
export class MoveCount {
  readonly #cameAtMs: number[] = [];
  readonly #drainsMs: number[] = [];
  /** After how long its clients were told to move, by drain, in milliseconds. */
  readonly #toldMs: number[][] = [];
  #draining = 0;
  #due = 0;
  #moved = 0;
  #movedInFlight = 0;
  #cutOff = 0;
  #uncleanExits = 0;

  /** A node drains that so many clients have to leave; `drained` resolves to its exit code when it has ended. */
  async drain(clients: number, drained: () => Promise<number | undefined>): Promise<void> {
    const startedAtMs = performance.now();
    this.#due += clients;
    this.#toldMs.push([]);
    this.#draining += 1;
    try {
      if ((await drained()) !== 0) this.#uncleanExits += 1;
    } finally {
      this.#draining -= 1;
      this.#drainsMs.push(performance.now() - startedAtMs);
    }
  }

  /** A client was told to move after this long. */
  told(afterMs: number): void {
    this.#toldMs.at(-1)?.push(afterMs);
  }

  /** A client's connection came to a node that takes it. */
  came(): void {
    if (this.#draining > 0) this.#cameAtMs.push(performance.now());
  }

  /** A client's connection is closed; `inFlight`: while the client waited for an answer. */
  closed({ byClient, inFlight }: { readonly byClient: boolean; readonly inFlight: boolean }): void {
    if (this.#draining === 0) return;
    if (!byClient) {
      this.#cutOff += 1;
      return;
    }
    this.#moved += 1;
    if (inFlight) this.#movedInFlight += 1;
  }

  get drains(): number {
    return this.#drainsMs.length;
  }

  get longestDrainMs(): number {
    return Math.round(Math.max(0, ...this.#drainsMs));
  }

  /** How many had to move. */
  get due(): number {
    return this.#due;
  }

  get moved(): number {
    return this.#moved;
  }

  get movedInFlight(): number {
    return this.#movedInFlight;
  }

  get cutOff(): number {
    return this.#cutOff;
  }

  get uncleanExits(): number {
    return this.#uncleanExits;
  }

  /** How many connections came within a second, whichever second that was. */
  get mostPerSecond(): number {
    return mostWithinASecond(this.#cameAtMs);
  }

  /** How many clients of one node were told to move within a second, whichever second that was. */
  get mostToldPerSecond(): number {
    return Math.max(0, ...this.#toldMs.map((told) => mostWithinASecond(told.toSorted((a, b) => a - b))));
  }
}

/** `atMs`: in the order of time. */
function mostWithinASecond(atMs: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [last, ms] of atMs.entries()) {
    while (ms - (atMs[first] ?? ms) >= secondMs) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
