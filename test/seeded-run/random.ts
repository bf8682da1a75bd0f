import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Spreads neighbouring numbers over the seeds: 2^32 divided by the golden ratio. */
const spread = 0x9e3779b1;

/** What chance decides in a run, the same for the same seed. Each part has a `stream` of its own, which no other disturbs. */
export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: number, stream: number) {
    this.#generator = xoroshiro128plus(seed ^ Math.imul(stream + 1, spread));
  }

  /** A whole number, both ends included. */
  int(from: number, to: number): number {
    return uniformInt(this.#generator, from, to);
  }

  /** True for this share of the calls, 0 to 1. */
  chance(share: number): boolean {
    return uniformFloat64(this.#generator) < share;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item {
    return items[this.int(0, items.length - 1)] ?? items[0];
  }
}
