import { Buffer, isUtf8 } from 'node:buffer';

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

/** The text of bytes that are ASCII. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('latin1', start, end);
}

/** Ids that came lately, each at the place that its bytes lead to: those of a room come with each of its frames. */
const recentIds: string[] = new Array<string>(2_048).fill('');

/** Of the end of an id, where most differ. */
const hashedBytes = 16;

/** The text of an id, which is ASCII and short; mostly it is known already, which is quicker than to make it anew. */
export function idText(bytes: Uint8Array, start: number, end: number): string {
  let hash = end - start;
  for (let at = Math.max(start, end - hashedBytes); at < end; at++)
    hash = Math.imul(hash, 31) + (bytes[at] as number);
  const place = (hash ^ (hash >>> 15)) & (recentIds.length - 1);
  const recent = recentIds[place] as string;
  if (isTextOf(recent, bytes, start, end)) return recent;
  const id = asciiText(bytes, start, end);
  recentIds[place] = id;
  return id;
}

function isTextOf(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (text.length !== end - start) return false;
  for (let at = start; at < end; at++) if (text.charCodeAt(at - start) !== bytes[at]) return false;
  return true;
}
