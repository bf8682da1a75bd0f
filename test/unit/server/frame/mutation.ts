import { ClientFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import {
  allMessages,
  readMessage,
  type WireMessage,
  type WireRecord,
  wireRecord,
  writeMessage,
} from './record-tree.ts';
import { type Bytes, block, scalar, tag, varint } from './wire-bytes.ts';

/** Gives a number from 0 that is below a bound of at least 1. */
export type Pick = (below: number) => number;

/** Makes a bad frame, or just another one, of a good one: a change or two of its records, then maybe of its bytes. */
export function mutate(frame: Uint8Array, pick: Pick): Uint8Array {
  const root = readMessage(ClientFrameSchema, frame);
  for (let count = 1 + pick(2); count > 0; count--) {
    const message = one(allMessages(root), pick);
    if (message) one(recordChanges, pick)?.(message, pick);
  }
  const bytes = [...writeMessage(root)];
  for (let count = Math.max(0, pick(8) - 5); count > 0; count--) one(byteChanges, pick)?.(bytes, pick);
  return Uint8Array.from(bytes);
}

type RecordChange = (message: WireMessage, pick: Pick) => void;

const recordChanges: readonly RecordChange[] = [
  change((record, records, pick) => insert(records, { ...record }, pick)), // the field twice, or an item more
  change((record, records, pick) => {
    for (let count = pick(70); count > 0; count--) insert(records, { ...record }, pick);
  }),
  change((record, records) => records.splice(records.indexOf(record), 1)),
  change((record, records, pick) => {
    records.splice(records.indexOf(record), 1);
    insert(records, record, pick);
  }),
  change((record, _, pick) => (record.wire = pick(8))),
  change((record, _, pick) => (record.number = pick(12))),
  change((record, _, pick) => (record.tagLength = 1 + pick(7))),
  change((record, _, pick) => (record.lengthLength = 1 + pick(11))),
  change((record, _, pick) => (record.lengthError = pick(7) - 3)),
  change((record, _, pick) => (record.content = Uint8Array.from(one(oddContents, pick) ?? []))),
  change((record, _, pick) => {
    if (record.wire === 0) record.content = Uint8Array.from(varint(one(oddNumbers, pick) ?? 0, 1 + pick(11)));
  }),
  ({ schema, records }, pick) => {
    const field = one(one(schema?.oneofs ?? [], pick)?.fields ?? [], pick);
    if (field) insert(records, wireRecord(field.number, 2, new Uint8Array(0)), pick);
  },
  ({ records }, pick) => insert(records, stranger(pick), pick),
];

/** A record that no message has: unknown, a group, a group of groups, or of number 0. */
function stranger(pick: Pick): WireRecord {
  const number = one([0, 9, 200, 536_870_911], pick) ?? 0;
  const depth = one([1, 2, 150], pick) ?? 1;
  const groups = Array<Bytes>(depth - 1).fill(tag(number, 3));
  const ends = Array<Bytes>(depth).fill(tag(number, 4));
  const contents: [wire: number, content: Bytes][] = [
    [0, varint(pick(1000))],
    [1, [1, 2, 3, 4, 5, 6, 7, 8]],
    [2, block(1, [65, 66])],
    [5, [1, 2, 3, 4]],
    [3, [...groups.flat(), ...ends.flat()]],
    [4, []],
  ];
  const [wire, content] = one(contents, pick) ?? [0, []];
  return wireRecord(number, wire, Uint8Array.from(content));
}

const oddNumbers = [
  0,
  1,
  127,
  128,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  (1n << 64n) - 1n,
  1n << 64n,
  0xffff_ffff_8000_0000n,
];
const oddContents: readonly Bytes[] = [
  [],
  [0xff],
  [0xc3, 0xa9],
  [0xed, 0xa0, 0x80],
  [0xef, 0xbb, 0xbf],
  Array<number>(1025).fill(65),
  Array<number>(5000).fill(65),
  [...scalar(1, 1), ...scalar(2, 2)],
  [...block(1, [65]), ...block(2, [66])],
];

type ByteChange = (bytes: number[], pick: Pick) => void;

const byteChanges: readonly ByteChange[] = [
  (bytes, pick) => {
    const at = pick(bytes.length + 1);
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << pick(8));
  },
  (bytes, pick) => bytes.splice(pick(bytes.length + 1), 0, pick(256)),
  (bytes, pick) => bytes.splice(pick(bytes.length + 1), 1 + pick(3)),
  (bytes, pick) => (bytes.length = pick(bytes.length + 1)),
];

/** A change of one record of the message, if it has any. */
function change(apply: (record: WireRecord, records: WireRecord[], pick: Pick) => unknown): RecordChange {
  return ({ records }, pick) => {
    const record = one(records, pick);
    if (record) apply(record, records, pick);
  };
}

function insert(records: WireRecord[], record: WireRecord, pick: Pick): void {
  records.splice(pick(records.length + 1), 0, record);
}

function one<Item>(items: readonly Item[], pick: Pick): Item | undefined {
  return items.length === 0 ? undefined : items[pick(items.length)];
}
