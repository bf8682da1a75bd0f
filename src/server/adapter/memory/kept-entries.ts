import type { Entry } from '../../port/room-log.ts';
import { type Block, type EntryBlocks, numbersPerEntry } from './entry-blocks.ts';

/** A block in use. Of each entry its numbers are: where its body begins, route, previous, previous to all. */
interface FilledBlock extends Block {
  /** The offset of its first entry. */
  readonly first: number;
  count: number;
  usedBytes: number;
}

/**
 * The entries that a stream keeps, with dense offsets, in blocks of bytes. Nothing of an entry is an object of its own while it
 * is kept: a node that keeps millions of them would have the garbage collector look at each again and again.
 */
export class KeptEntries {
  readonly #memory: EntryBlocks;
  readonly #blocks: FilledBlock[] = [];
  /** The offset before the first that is kept. */
  #dropped = 0;
  #top = 0;
  #bytes = 0;

  constructor(memory: EntryBlocks) {
    this.#memory = memory;
  }

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
      const block = this.#blocks[at] as FilledBlock;
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
      const block = this.#blocks[0] as FilledBlock;
      const index = this.#dropped + 1 - block.first;
      this.#bytes -= bodyEnd(block, index) - bodyStart(block, index);
      this.#dropped++;
      if (index + 1 === block.count) {
        this.#blocks.shift();
        this.#memory.giveBack(block);
      }
    }
  }

  #blockFor(offset: number, length: number): FilledBlock {
    const last = this.#blocks.at(-1);
    if (last !== undefined && fits(last, length)) return last;
    const { bodies, numbers } = this.#memory.take(length, last?.bodies.length ?? 0);
    const block = { first: offset, bodies, numbers, count: 0, usedBytes: 0 };
    this.#blocks.push(block);
    return block;
  }

  #blockIndexOf(offset: number): number {
    const index = this.#blocks.findLastIndex(({ first }) => first <= offset);
    return Math.max(0, index);
  }
}

function fits({ bodies, numbers, count, usedBytes }: FilledBlock, length: number): boolean {
  return usedBytes + length <= bodies.length && (count + 1) * numbersPerEntry <= numbers.length;
}

function bodyStart({ numbers }: FilledBlock, index: number): number {
  return numbers[index * numbersPerEntry] as number;
}

function bodyEnd(block: FilledBlock, index: number): number {
  return index + 1 < block.count ? bodyStart(block, index + 1) : block.usedBytes;
}

function entryAt(block: FilledBlock, index: number, epoch: number): Entry {
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
