import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { varint } from '../unit/server/frame/wire-bytes.ts';

/** One field of a message as it stands on the wire, open for changes that no encoder makes. */
export interface WireRecord {
  number: number;
  wire: number;
  /** The value; of a known message its fields instead. */
  content: Uint8Array | WireMessage;
  /** Bytes that tag and length are padded to. */
  tagLength: number;
  lengthLength: number;
  /** What the length says beyond the truth. */
  lengthError: number;
}

const lengthDelimited: number = WireType.LengthDelimited;

export interface WireMessage {
  /** The schema; none for the entry of a map. */
  readonly schema: DescMessage | undefined;
  records: WireRecord[];
}

export function wireRecord(number: number, wire: number, content: Uint8Array | WireMessage): WireRecord {
  return { number, wire, content, tagLength: 1, lengthLength: 1, lengthError: 0 };
}

/** Reads good bytes as records, those of known messages all the way down. */
export function readMessage(schema: DescMessage, bytes: Uint8Array): WireMessage {
  const known = new Map(schema.fields.map((field) => [field.number, field]));
  return {
    schema,
    records: readRecords(bytes, (number, content) => {
      const field = known.get(number);
      if (field?.fieldKind === 'map') return readEntry(field.message, content);
      return field?.message ? readMessage(field.message, content) : content;
    }),
  };
}

function readEntry(value: DescMessage | undefined, bytes: Uint8Array): WireMessage {
  const records = readRecords(bytes, (number, content) =>
    number === 2 && value ? readMessage(value, content) : content,
  );
  return { schema: undefined, records };
}

type Inner = (number: number, content: Uint8Array) => Uint8Array | WireMessage;

function readRecords(bytes: Uint8Array, inner: Inner): WireRecord[] {
  const reader = new BinaryReader(bytes);
  const records: WireRecord[] = [];
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const isBlock = wire === WireType.LengthDelimited;
    records.push(
      wireRecord(number, wire, isBlock ? inner(number, reader.bytes()) : reader.skip(wire, number)),
    );
  }
  return records;
}

export function writeMessage(message: WireMessage): Buffer {
  return Buffer.concat(
    message.records.flatMap((record) => {
      const tag = varint((BigInt(record.number) << 3n) | BigInt(record.wire), record.tagLength);
      const content = 'records' in record.content ? writeMessage(record.content) : record.content;
      if (record.wire !== lengthDelimited) return [Buffer.from(tag), content];
      const length = Math.max(0, content.length + record.lengthError);
      return [Buffer.from([...tag, ...varint(length, record.lengthLength)]), content];
    }),
  );
}

/** The message and all within it. */
export function allMessages(message: WireMessage): WireMessage[] {
  return [
    message,
    ...message.records.flatMap(({ content }) => ('records' in content ? allMessages(content) : [])),
  ];
}
