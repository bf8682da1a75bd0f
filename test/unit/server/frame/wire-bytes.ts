/** Bytes of the protobuf wire format, written by hand: also those that no encoder writes. */
export type Bytes = readonly number[];

/** A varint; with `length` padded to so many bytes. */
export function varint(value: number | bigint, length = 1): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(80, BigInt(value));
  while (rest > 0x7fn || bytes.length + 1 < length) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function tag(number: number, wire: number): Bytes {
  return varint((BigInt(number) << 3n) | BigInt(wire));
}

/** A field with a varint. */
export function scalar(number: number, value: number | bigint, length?: number): Bytes {
  return [...tag(number, 0), ...varint(value, length)];
}

/** A field with a length: a message of the given parts, or bytes. */
export function block(number: number, ...parts: readonly Bytes[]): Bytes {
  const content = parts.flat();
  return [...tag(number, 2), ...varint(content.length), ...content];
}

export function text(number: number, value: string): Bytes {
  return block(number, [...Buffer.from(value)]);
}
