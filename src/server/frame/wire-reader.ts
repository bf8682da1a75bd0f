import { WireType } from './wire-type.ts';

const acceptedWireTypes =
  (1 << WireType.VARINT) | (1 << WireType.FIXED64) | (1 << WireType.LENGTH) | (1 << WireType.FIXED32);
const truncated = 'is truncated';

/**
 * Reads the protobuf wire format from `pos` up to `end`, strictly: no groups, no field number 0, nothing past the end, no
 * varint longer than its type. Every call returns -1 when it fails, with the reason in `fault`; the reader is then of no
 * further use.
 */
export class WireReader {
  bytes: Uint8Array;
  pos = 0;
  end: number;
  /** Why a call failed, to stand after the name of what was read: `is truncated`. */
  fault = '';

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** A field's tag: its number, and in the lowest three bits its wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 0) return -1;
    if (tag < 8) return this.fail('has a field of number 0');
    const wire = tag & 7;
    return ((acceptedWireTypes >>> wire) & 1) === 0 ? this.fail(`has a field of wire type ${wire}`) : tag;
  }

  /** A varint of at most 32 bits. */
  uint32(): number {
    const { bytes, end } = this;
    let pos = this.pos;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (pos >= end) return this.fail(truncated);
      const byte = bytes[pos++] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.pos = pos;
        return value;
      }
    }
    if (pos >= end) return this.fail(truncated);
    const last = bytes[pos++] as number;
    if (last > 0x0f) return this.fail('has a varint past 32 bits');
    this.pos = pos;
    return (value | (last << 28)) >>> 0;
  }

  /** Passes a varint of at most 64 bits. Returns 0 for one that is 0, else 1. */
  varint(): number {
    const { bytes, end } = this;
    let bits = 0;
    for (let count = 1; count <= 10; count++) {
      if (this.pos >= end) return this.fail(truncated);
      const byte = bytes[this.pos++] as number;
      bits |= byte & 0x7f;
      if (count === 10 && byte > 1) break;
      if (byte < 0x80) return bits === 0 ? 0 : 1;
    }
    return this.fail('has a varint past 64 bits');
  }

  /** Passes a varint of 32 bits, or of 64 when it is a negative number of 32. Returns 0 for one that is 0, else 1. */
  int32(): number {
    const start = this.pos;
    const nonzero = this.varint();
    const length = this.pos - start;
    if (nonzero < 0 || length < 5) return nonzero;
    const { bytes } = this;
    const fifth = bytes[start + 4] as number;
    if (length === 5 && fifth <= 0x0f) return nonzero;
    let extended = length === 10 && fifth >= 0xf8 && bytes[start + 9] === 1;
    for (let at = start + 5; at < start + 9 && extended; at++) extended = bytes[at] === 0xff;
    return extended ? 1 : this.fail('has a varint past 32 bits');
  }

  /** Passes a value of fixed length. Returns 0 when all its bytes are 0, else 1. */
  fixed(length: number): number {
    if (this.end - this.pos < length) return this.fail(truncated);
    let bits = 0;
    for (const last = this.pos + length; this.pos < last; this.pos++) bits |= this.bytes[this.pos] as number;
    return bits === 0 ? 0 : 1;
  }

  /** The length of what follows, all of which is there. */
  length(): number {
    const length = this.uint32();
    return length > this.end - this.pos ? this.fail(truncated) : length;
  }

  /** Passes a value of any of the accepted wire types. */
  skip(wire: number): number {
    if (wire === WireType.VARINT) return this.varint();
    if (wire === WireType.FIXED64) return this.fixed(8);
    if (wire === WireType.FIXED32) return this.fixed(4);
    const length = this.length();
    if (length > 0) this.pos += length;
    return length;
  }

  protected fail(fault: string): number {
    this.fault = fault;
    return -1;
  }
}
