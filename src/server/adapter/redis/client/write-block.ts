const blockBytes = 65_536;

/**
 * Memory for what is about to be written, used again and again: memory that is new each time costs a page fault for each of its pages, which
 * is more than what is done with it.
 */
export class WriteBlock {
  #block = Buffer.allocUnsafeSlow(blockBytes);
  #used = 0;

  /** All that it gave was written and may be overwritten. */
  reuse(): void {
    this.#used = 0;
  }

  /** Bytes that nothing else uses until `reuse`. */
  allocate(length: number): Buffer {
    if (length > blockBytes) return Buffer.allocUnsafeSlow(length);
    if (length > blockBytes - this.#used) {
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used = start + length;
    return this.#block.subarray(start, this.#used);
  }
}
