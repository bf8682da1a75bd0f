/** Numbers that are kept of an entry, beside its body. */
export const numbersPerEntry = 4;
const smallestBytes = 2_048;
const largestBytes = 65_536;
/** A block has room for so many entries as there would be at this length of their bodies. */
const bytesPerEntry = 128;
/** Most blocks that are kept for the next who need one: 64 MiB of bodies. */
const maxSpare = 1_024;

/** Memory for entries: their bodies one after the other, and the numbers of each. */
export interface Block {
  readonly bodies: Buffer;
  readonly numbers: Uint32Array;
}

/**
 * Where all streams of a log get memory for their entries, and give it back. Blocks of the largest size, in which nearly all of it
 * lies where there is much, are used again, and are shared memory, although nobody shares them: as ordinary buffers they would
 * count as pressure on the heap, and the engine would look through all of it every few seconds for what is no garbage.
 */
export class EntryBlocks {
  readonly #spare: Block[] = [];

  /** A block that has room for a body of `bytes` at least; `after`: of the length of the one before it, the next is twice as large. */
  take(bytes: number, after: number): Block {
    const usual = Math.min(largestBytes, Math.max(smallestBytes, 2 * after));
    if (bytes > largestBytes || usual < largestBytes) return ordinary(Math.max(bytes, usual));
    return this.#spare.pop() ?? shared();
  }

  /** Nothing of the block is used any more. */
  giveBack(block: Block): void {
    if (block.bodies.length === largestBytes && this.#spare.length < maxSpare) this.#spare.push(block);
  }
}

function ordinary(bytes: number): Block {
  const numbers = new Uint32Array(Math.floor(bytes / bytesPerEntry) * numbersPerEntry);
  return { bodies: Buffer.allocUnsafeSlow(bytes), numbers };
}

function shared(): Block {
  const count = (largestBytes / bytesPerEntry) * numbersPerEntry;
  const memory = new SharedArrayBuffer(largestBytes + count * Uint32Array.BYTES_PER_ELEMENT);
  return {
    bodies: Buffer.from(memory, 0, largestBytes),
    numbers: new Uint32Array(memory, largestBytes, count),
  };
}
