import type { FaultKind } from './refusals.ts';

/** Why bytes are no message. */
export class PlainFault extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind) {
    super(kind);
    this.kind = kind;
  }
}

const past: FaultKind = 'a field that ends past its message';

/** Reads the bytes of one message, whose end nothing may pass. Throws `PlainFault`. */
export class PlainBytes {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.left === 0;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  all(): Uint8Array {
    return this.#bytes;
  }

  tag(): { readonly number: number; readonly wire: number } {
    const tag = Number(this.uint32());
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    if (number === 0) throw new PlainFault('field number 0');
    if (wire === 3 || wire === 4) throw new PlainFault('a group');
    if (wire > 5) throw new PlainFault('wire type 6 or 7');
    return { number, wire };
  }

  /** A varint of at most 5 or 10 bytes, in which the last byte has no bit beyond 32 or 64. */
  varint(longest: 5 | 10): bigint {
    let value = 0n;
    for (let count = 0; count < longest; count++) {
      const byte = this.#take(1)[0] ?? 0;
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (count === longest - 1 && byte > (longest === 5 ? 0x0f : 0x01)) break;
      if (byte < 0x80) return value;
    }
    throw new PlainFault(longest === 5 ? 'a varint past 32 bits' : 'a varint past 64 bits');
  }

  uint32(): bigint {
    return this.varint(5);
  }

  /** A number of 32 bits, or a negative one extended to the 10 bytes of 64. */
  int32(): bigint {
    const before = this.left;
    const value = this.varint(10);
    const length = before - this.left;
    const good = length === 10 ? BigInt.asIntN(32, value) === BigInt.asIntN(64, value) : value < 1n << 32n;
    if (!good || (length > 5 && length < 10) || (length === 10 && BigInt.asIntN(64, value) >= 0n))
      throw new PlainFault('a varint past 32 bits');
    return value;
  }

  fixed(length: number): bigint {
    return this.#take(length).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
  }

  block(): PlainBytes {
    return new PlainBytes(this.#take(Number(this.uint32())));
  }

  skip(wire: number): void {
    if (wire === 0) this.varint(10);
    else if (wire === 2) this.block();
    else this.#take(wire === 1 ? 8 : 4);
  }

  #take(length: number): Uint8Array {
    if (length > this.left) throw new PlainFault(past);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}
