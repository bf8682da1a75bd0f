import { isUtf8 } from 'node:buffer';

/** Up to here a loop is quicker than the call into the engine. */
const shortBytes = 64;

/** Whether the bytes from `start` to `end` are UTF-8. */
export function isText(bytes: Uint8Array, start: number, end: number): boolean {
  return (end - start <= shortBytes && isAscii(bytes, start, end)) || isUtf8(bytes.subarray(start, end));
}

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= bytes[at] as number;
  return bits < 0x80;
}

/** The text of bytes that are ASCII, such as an id. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', start, end);
}
