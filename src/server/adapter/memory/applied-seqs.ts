/** How many seqs, from the highest down, are remembered one by one. */
const remembered = 64;

/**
 * Which commits of one source had their effect: the highest seq, and of the 64 from it downwards which were applied and
 * the offset that each got.
 */
export class AppliedSeqs {
  gen: number;
  /** When it last committed, by the monotonic clock. */
  usedAtMs = 0;
  #highest = -1;
  /** Bit n of the pair: seq `highest - n` was applied. */
  #low = 0;
  #high = 0;
  readonly #offsets = new Uint32Array(remembered);

  constructor(gen: number) {
    this.gen = gen;
  }

  /** Whether a seq is above all that were applied. */
  isNew(seq: number): boolean {
    return seq > this.#highest;
  }

  /** The offset that an applied seq got; undefined: it was not applied, or too long ago. */
  offsetOf(seq: number): number | undefined {
    const age = this.#highest - seq;
    if (age < 0 || age >= remembered) return undefined;
    const bit = age < 32 ? this.#low >>> age : this.#high >>> (age - 32);
    return (bit & 1) === 1 ? this.#offsets[seq % remembered] : undefined;
  }

  /** Remembers a new seq as applied. */
  add(seq: number, offset: number): void {
    this.#shift(seq - this.#highest);
    this.#highest = seq;
    this.#low |= 1;
    this.#offsets[seq % remembered] = offset;
  }

  #shift(by: number): void {
    if (by >= 64) {
      this.#low = 0;
      this.#high = 0;
    } else if (by >= 32) {
      this.#high = by === 32 ? this.#low : this.#low << (by - 32);
      this.#low = 0;
    } else if (by > 0) {
      this.#high = (this.#high << by) | (this.#low >>> (32 - by));
      this.#low <<= by;
    }
  }
}
