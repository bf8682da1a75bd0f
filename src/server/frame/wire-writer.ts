import { Buffer } from 'node:buffer';
import type { DescField } from '@bufbuild/protobuf';
import type { WireType } from './wire-type.ts';

/** A field's tag for a wire type. */
export function tagOf(field: DescField, wire: WireType): number {
  return (field.number << 3) | wire;
}

/** How many bytes a varint of at most 32 bits takes. */
function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Up to here a loop over the characters is quicker than a call into the engine. */
const shortLength = 64;

/** How many bytes of UTF-8 a text takes. */
export function textLength(text: string): number {
  if (text.length > shortLength) return Buffer.byteLength(text);
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return Buffer.byteLength(text);
  }
  return text.length;
}

/** How many bytes a field with a length takes, with tag and length. */
export function lengthFieldSize(tag: number, length: number): number {
  return varintSize(tag) + varintSize(length) + length;
}

/** How many bytes a string field takes: none when it is empty, as proto3 has it. */
export function textFieldSize(tag: number, length: number): number {
  return length === 0 ? 0 : lengthFieldSize(tag, length);
}

/** How many bytes a uint32 field takes: none when it is 0, as proto3 has it. */
export function uint32FieldSize(tag: number, value: number): number {
  return value === 0 ? 0 : varintSize(tag) + varintSize(value);
}

/** How many bytes a fixed32 field takes: none when it is 0. */
export function fixed32FieldSize(tag: number, value: number): number {
  return value === 0 ? 0 : varintSize(tag) + 4;
}

/** Writes a varint of at most 32 bits. Like all that write, returns the place after it. */
function putVarint(out: Buffer, at: number, value: number): number {
  let pos = at;
  let rest = value;
  while (rest > 0x7f) {
    out[pos++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[pos++] = rest;
  return pos;
}

export function putUint32Field(out: Buffer, at: number, tag: number, value: number): number {
  return value === 0 ? at : putVarint(out, putVarint(out, at, tag), value);
}

export function putFixed32Field(out: Buffer, at: number, tag: number, value: number): number {
  return value === 0 ? at : out.writeUInt32LE(value, putVarint(out, at, tag));
}

/** Writes tag and length of a field. */
export function putHead(out: Buffer, at: number, tag: number, length: number): number {
  return putVarint(out, putVarint(out, at, tag), length);
}

/** Writes a string field of `length` bytes of UTF-8, nothing when it is empty. */
export function putTextField(out: Buffer, at: number, tag: number, text: string, length: number): number {
  if (length === 0) return at;
  const start = putHead(out, at, tag, length);
  if (length > shortLength || length > text.length) return start + out.write(text, start, length);
  for (let index = 0; index < length; index++) out[start + index] = text.charCodeAt(index); // as many bytes as characters: ASCII
  return start + length;
}

export function putBytes(out: Buffer, at: number, bytes: Uint8Array): number {
  out.set(bytes, at);
  return at + bytes.length;
}
