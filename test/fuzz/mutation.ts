import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { type Bytes, block, scalar, tag, varint } from '../unit/server/frame/wire-bytes.ts';
import { boundedField, fillToLimit } from './filled-field.ts';
import { insert, one, type Pick } from './pick.ts';
import {
  allMessages,
  readMessage,
  type WireMessage,
  type WireRecord,
  wireRecord,
  writeMessage,
} from './record-tree.ts';
import { maxFrameBytes } from './refusals.ts';

/** A change of a good frame, of its records or of its bytes. */
type Mutation =
  | { readonly records: (root: WireMessage, pick: Pick) => void }
  | { readonly bytes: (bytes: Buffer, pick: Pick) => Uint8Array };

/** What can be done to a good frame. Some of them leave it good. */
export const mutations = {
  'duplicate field': onRecord((record, records, pick) => insert(records, { ...record }, pick)),
  'two oneof members': {
    records(root, pick) {
      const message = one(
        allMessages(root).filter(({ schema }) => schema?.oneofs.length),
        pick,
      );
      const field = one(one(message?.schema?.oneofs ?? [], pick)?.fields ?? [], pick);
      if (message && field) insert(message.records, emptyRecord(field), pick);
    },
  },
  'overlong varint': onRecord((record, _, pick) => {
    const where = pick(3);
    if (where === 0) record.tagLength = 2 + pick(6);
    else if (record.wire === 2) record.lengthLength = 2 + pick(10);
    else record.content = Buffer.from(varint(one(numbers, pick) ?? 0, 2 + pick(10)));
  }),
  'odd number': onRecord((record, _, pick) => {
    record.wire = 0;
    record.content = Buffer.from(varint(one(numbers, pick) ?? 0, pick(4) === 0 ? 10 : 1));
  }),
  group: inMessage(({ records }, pick) => {
    const number = one([1, 9, 10, 536_870_911], pick) ?? 1;
    const depth = one([1, 2, 150], pick) ?? 1;
    const starts = Array<Bytes>(depth - 1).fill(tag(number, 3));
    const ends = Array<Bytes>(depth).fill(tag(number, 4));
    const group = one([[...starts, ...ends].flat(), [...scalar(1, 1), ...tag(number, 4)], []], pick) ?? [];
    insert(records, wireRecord(number, pick(8) === 0 ? 4 : 3, Buffer.from(group)), pick);
  }),
  'field number 0': inMessage(({ records }, pick) => {
    if (pick(3) === 0) (one(records, pick) ?? { number: 0 }).number = 0;
    else insert(records, stranger(0, pick), pick);
  }),
  'length past the end': onRecord((record, _, pick) => {
    if (record.wire === 2) record.lengthError = one([1, 1, 2, 3, 127, -1, -2, -3], pick) ?? 1;
    else record.content = contentOf(record).subarray(0, pick(3));
  }),
  'deep nesting': inMessage(({ records }, pick) => {
    let inner: Bytes = [];
    for (let level = one([2, 15, 17, 40, 110], pick) ?? 2; level > 0; level--) inner = block(1, inner);
    insert(records, wireRecord(1 + pick(40), 2, Buffer.from(inner)), pick);
  }),
  'wrong wire type': onRecord((record, _, pick) => (record.wire = pick(8))),
  'other field number': onRecord((record, _, pick) => (record.number = 1 + pick(12))),
  'odd text': onRecord((record, _, pick) => {
    if (record.wire === 2) record.content = Buffer.from(one(texts, pick) ?? []);
  }),
  'at a limit': {
    records(root, pick) {
      const place = boundedField(allMessages(root), pick);
      if (place) fillToLimit(place.message, place.field, pick);
    },
  },
  'at the frame size': {
    bytes(bytes, pick) {
      const head = [...tag(900, 2), ...varint(0, 4)].length;
      const length = maxFrameBytes + pick(2) - bytes.length - head;
      return length < 0
        ? bytes
        : Buffer.concat([bytes, Buffer.from([...tag(900, 2), ...varint(length, 4)]), Buffer.alloc(length)]);
    },
  },
  'unknown fields': inMessage(({ records }, pick) => {
    const count = one([1, 1, 2, 255, 256, 257], pick) ?? 1;
    const record = stranger(one([9, 200, 536_870_911], pick) ?? 9, pick);
    for (let index = 0; index < count; index++) records.push({ ...record });
  }),
  'missing field': onRecord((record, records) => records.splice(records.indexOf(record), 1)),
  'fields in another order': onRecord((record, records, pick) => {
    records.splice(records.indexOf(record), 1);
    insert(records, record, pick);
  }),
  'changed bytes': {
    bytes(bytes, pick) {
      let changed = bytes;
      for (let count = 1 + pick(3); count > 0; count--) changed = changeByte(changed, pick);
      return changed;
    },
  },
} satisfies Record<string, Mutation>;

export type MutationName = keyof typeof mutations;
export const mutationNames = Object.keys(mutations) as readonly MutationName[];

/** The frame with one change after the other. */
export function mutate(frame: Uint8Array, names: readonly MutationName[], pick: Pick): Uint8Array {
  const root = readMessage(ClientFrameSchema, frame);
  const chosen = names.map((name): Mutation => mutations[name]);
  for (const mutation of chosen) if ('records' in mutation) mutation.records(root, pick);
  let bytes: Uint8Array = writeMessage(root);
  for (const mutation of chosen) {
    if ('bytes' in mutation) bytes = mutation.bytes(Buffer.from(bytes), pick);
  }
  return bytes;
}

const numbers = [
  0,
  1,
  127,
  128,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
  1n << 64n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_7fff_ffffn,
];
const texts: readonly Bytes[] = [
  [],
  [0xff],
  [0xc3, 0xa9],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  [...Array<number>(200).fill(65), 0xff],
  Array<number>(1025).fill(65),
  Array<number>(5000).fill(65),
  [...scalar(1, 1), ...scalar(2, 2)],
  [...block(1, [65]), ...block(2, [66])],
];

/** A record of any wire type that a field may have. */
function stranger(number: number, pick: Pick): WireRecord {
  const contents: readonly (readonly [wire: number, content: Bytes])[] = [
    [0, varint(pick(1000))],
    [0, varint(one(numbers, pick) ?? 0, 1 + pick(11))],
    [1, [1, 2, 3, 4, 5, 6, 7, 8]],
    [2, block(1, [65, 66])],
    [5, [1, 2, 3, 4]],
  ];
  const [wire, content] = one(contents, pick) ?? [0, []];
  return wireRecord(number, wire, Buffer.from(content));
}

/** The member of a oneof with nothing in it. */
function emptyRecord({ number, scalar }: DescField): WireRecord {
  return scalar === ScalarType.DOUBLE
    ? wireRecord(number, 1, Buffer.alloc(8))
    : wireRecord(number, 2, Buffer.alloc(0));
}

function changeByte(bytes: Buffer, pick: Pick): Buffer {
  const at = pick(bytes.length + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  const change = pick(4);
  if (change === 0)
    return Buffer.concat([before, Buffer.of((after[0] ?? 0) ^ (1 << pick(8))), after.subarray(1)]);
  if (change === 1) return Buffer.concat([before, Buffer.of(pick(256)), after]);
  return change === 2 ? Buffer.concat([before, after.subarray(1 + pick(3))]) : before;
}

/** A change of one record, anywhere in the frame. */
function onRecord(apply: (record: WireRecord, records: WireRecord[], pick: Pick) => unknown): Mutation {
  return {
    records(root, pick) {
      const message = one(
        allMessages(root).filter(({ records }) => records.length > 0),
        pick,
      );
      const record = message && one(message.records, pick);
      if (record) apply(record, message.records, pick);
    },
  };
}

/** A change of one message, anywhere in the frame. */
function inMessage(apply: (message: WireMessage, pick: Pick) => void): Mutation {
  return {
    records(root, pick) {
      const message = one(allMessages(root), pick);
      if (message) apply(message, pick);
    },
  };
}

function contentOf({ content }: WireRecord): Uint8Array {
  return 'records' in content ? writeMessage(content) : content;
}
