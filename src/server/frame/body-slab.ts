const slabBytes = 65_536;
const largeBytes = slabBytes / 16;

let slab = Buffer.allocUnsafeSlow(slabBytes);
let used = 0;

/**
 * Room for the body of a log entry, not cleared. Bodies lie beside each other and apart from `Buffer`'s own pool: they stay as
 * long as the log keeps them, and one of them in each block of that pool would hold on to all the short-lived bytes around it.
 */
export function allocateBody(length: number): Buffer {
  if (length > largeBytes) return Buffer.allocUnsafeSlow(length);
  if (used + length > slabBytes) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  const start = used;
  used += length;
  return slab.subarray(start, used);
}
