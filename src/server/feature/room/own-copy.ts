/**
 * A copy in memory of its own, for what is kept. What it is read from may be a piece of a whole answer, and a `Buffer` of a few bytes is a piece
 * of a block of 64 KiB: one that is kept keeps all of it.
 */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
