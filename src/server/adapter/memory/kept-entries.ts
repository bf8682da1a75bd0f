import type { Entry } from '../../port/room-log.ts';

/** Numbers that are kept of an entry, beside its body: where the body begins in its block, route, previous, previous to all. */
const numbersPerEntry = 4;
const smallestBlockBytes = 2_048;
const largestBlockBytes = 65_536;
/** A block has room for so many entries as there would be at this length of their bodies. */
const bytesPerEntry = 128;

interface Block {
  /** The offset of its first entry. */
  readonly first: number;
  readonly bodies: Buffer;
  readonly numbers: Uint32Array;
  count: number;
  usedBytes: number;
}

/**
 * The entries that a stream keeps, with dense offsets, in blocks of bytes. Nothing of an entry is an object of its own while it
 * is kept: a node that keeps millions of them would have the garbage collector look at each again and again.
 */
export class KeptEntries {
  readonly #blocks: Block[] = [];
  /** A block that was emptied, for the next that is needed. */
  #spare: Block | undefined;
  /** The offset before the first that is kept. */
  #dropped = 0;
  #top = 0;
  #bytes = 0;

  /** How many bytes the kept bodies have. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#top - this.#dropped;
  }

  /** The offset before the first that is kept: who was served up to there can go on. */
  get reachesBackTo(): number {
    return this.#dropped;
  }

  /** Keeps a copy of an entry, whose offset is one more than the last one's. */
  append({ position, route, previous, previousToAll, body }: Entry): void {
    const block = this.#blockFor(position.offset, body.length);
    const at = block.count * numbersPerEntry;
    block.numbers[at] = block.usedBytes;
    block.numbers[at + 1] = route;
    block.numbers[at + 2] = previous;
    block.numbers[at + 3] = previousToAll;
    block.bodies.set(body, block.usedBytes);
    block.usedBytes += body.length;
    block.count++;
    this.#top = position.offset;
    this.#bytes += body.length;
  }

  /** The entries after an offset that is kept or right before those, with copies of their bodies: up to `maxBytes`, one at least. */
  read(epoch: number, after: number, maxBytes: number): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    for (let at = this.#blockIndexOf(after + 1); at < this.#blocks.length; at++) {
      const block = this.#blocks[at] as Block;
      for (let index = Math.max(0, after + 1 - block.first); index < block.count; index++) {
        const entry = entryAt(block, index, epoch);
        bytes += entry.body.length;
        if (bytes > maxBytes && entries.length > 0) return entries;
        entries.push(entry);
      }
    }
    return entries;
  }

  /** Drops the oldest, up to and with an offset. */
  dropThrough(offset: number): void {
    while (this.#dropped < offset && this.#dropped < this.#top) {
      const block = this.#blocks[0] as Block;
      const index = this.#dropped + 1 - block.first;
      this.#bytes -= bodyEnd(block, index) - bodyStart(block, index);
      this.#dropped++;
      if (index + 1 === block.count) this.#spare = this.#blocks.shift();
    }
  }

  #blockFor(offset: number, length: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && fits(last, length)) return last;
    const spare = this.#spare;
    this.#spare = undefined;
    const usualBytes = Math.min(largestBlockBytes, 2 * (last?.bodies.length ?? smallestBlockBytes / 2));
    const isSpareFit = spare !== undefined && spare.bodies.length >= Math.max(usualBytes, length);
    const bodies = isSpareFit ? spare.bodies : Buffer.allocUnsafeSlow(Math.max(usualBytes, length));
    const numbers = isSpareFit
      ? spare.numbers
      : new Uint32Array((bodies.length / bytesPerEntry) * numbersPerEntry);
    const block = { first: offset, bodies, numbers, count: 0, usedBytes: 0 };
    this.#blocks.push(block);
    return block;
  }

  #blockIndexOf(offset: number): number {
    const index = this.#blocks.findLastIndex(({ first }) => first <= offset);
    return Math.max(0, index);
  }
}

function fits({ bodies, numbers, count, usedBytes }: Block, length: number): boolean {
  return usedBytes + length <= bodies.length && (count + 1) * numbersPerEntry <= numbers.length;
}

function bodyStart({ numbers }: Block, index: number): number {
  return numbers[index * numbersPerEntry] as number;
}

function bodyEnd(block: Block, index: number): number {
  return index + 1 < block.count ? bodyStart(block, index + 1) : block.usedBytes;
}

function entryAt(block: Block, index: number, epoch: number): Entry {
  const { numbers, bodies, first } = block;
  const at = index * numbersPerEntry;
  return {
    position: { epoch, offset: first + index },
    route: numbers[at + 1] as number,
    previous: numbers[at + 2] as number,
    previousToAll: numbers[at + 3] as number,
    // A copy: the block may be filled anew while the reader still has the body.
    body: Buffer.from(bodies.subarray(bodyStart(block, index), bodyEnd(block, index))),
  };
}
