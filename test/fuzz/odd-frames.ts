import fc from 'fast-check';
import { describedMessage, Type } from '../unit/server/frame/described-message.ts';
import { type Bytes, block, scalar, tag, varint } from '../unit/server/frame/wire-bytes.ts';

const contents = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => [...bytes]),
  fc.string({ maxLength: 40 }).map((text) => [...Buffer.from(text)]),
  fc.constant<Bytes>([...block(1, [100, 97, 105, 108, 121])]), // a room id
);

/** A record of any number and wire type, as often as not one that `ClientFrame` has. */
const records = fc
  .record({
    number: fc.oneof(fc.integer({ min: 0, max: 120 }), fc.constantFrom(1, 2, 12, 14, 76, 2 ** 29 - 1)),
    wire: fc.oneof(fc.constant(2), fc.integer({ min: 0, max: 7 })),
    value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    content: contents,
  })
  .map(({ number, wire, value, content }): Bytes => {
    if (wire === 2) return block(number, content);
    if (wire === 0) return scalar(number, value);
    return [...tag(number, wire), ...varint(value, 8).slice(0, wire === 5 ? 4 : 8)];
  });

/** Frames of records at random. */
export const recordFrames = fc.array(records, { maxLength: 5 }).map((frame) => Uint8Array.from(frame.flat()));

/** A message with itself within, singly and in a list, and with values that no frame has. */
export const deepSchema = describedMessage([
  { name: 'inner', type: Type.MESSAGE },
  { name: 'inners', type: Type.MESSAGE, repeated: true },
  { name: 'numbers', type: Type.UINT32, repeated: true },
  { name: 'signed', type: Type.INT32 },
  { name: 'zigzag', type: Type.SINT32 },
  { name: 'long', type: Type.INT64 },
  { name: 'real', type: Type.FLOAT },
  { name: 'bytes', type: Type.BYTES, limit: { maxBytes: 8 } },
  { name: 'texts', type: Type.STRING, repeated: true, limit: { maxBytes: 8 } },
]);

const edges = fc.constantFrom(
  0n,
  1n,
  1n << 31n,
  (1n << 32n) - 1n,
  1n << 32n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
);
const leaves = fc.oneof(
  fc.constant<Bytes>([]),
  fc
    .tuple(fc.constantFrom(3, 4, 5, 6), edges, fc.integer({ min: 1, max: 10 }))
    .map(([number, value, length]) => scalar(number, value, length)),
  fc
    .array(edges, { maxLength: 66, size: 'max' })
    .map((values) => block(3, ...values.map((value) => varint(value)))),
  fc
    .array(fc.constant(1n), { minLength: 63, maxLength: 66, size: 'max' })
    .map((values) => values.flatMap((value) => scalar(3, value))),
  fc
    .tuple(fc.constantFrom(8, 9), fc.uint8Array({ maxLength: 9 }))
    .map(([number, bytes]) => block(number, [...bytes])),
  fc.uint8Array({ minLength: 3, maxLength: 5 }).map((bytes) => [...tag(7, 5), ...bytes]),
);

/** Messages of `deepSchema`, up to 110 of them one in the other. */
export const deepMessages = fc
  .record({
    levels: fc.oneof(fc.integer({ min: 0, max: 110 }), fc.integer({ min: 12, max: 18 }), fc.nat(3)),
    number: fc.constantFrom(1, 2),
    leaf: leaves,
    beside: leaves,
  })
  .map(({ levels, number, leaf, beside }) => {
    let bytes = leaf;
    for (let level = 0; level < levels; level++) bytes = block(number, bytes);
    return Uint8Array.from([...bytes, ...beside]);
  });
