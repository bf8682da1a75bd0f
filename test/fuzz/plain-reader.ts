import { type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { Form, type Limit, limit } from '../../gen/parley/options/v1/limits_pb.ts';
import { ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';
import { PlainBytes, PlainFault } from './plain-bytes.ts';
import { expectForm, expectWire, readNumber, readText, type ValueType, wireOf } from './plain-value.ts';
import type { FaultKind } from './refusals.ts';

const maxLevels = 16;
const defaultMaxItems = 64;
const maxUnknownFields = 256;
/**
 * The first fault of a frame, read plainly by the rules of docs/frames.md and the limits of the schema: it shares nothing with
 * the server's reader, which it is the measure of. Undefined: it has none.
 */
export function frameFault(bytes: Uint8Array, maxFrameBytes: number): FaultKind | undefined {
  if (bytes.length > maxFrameBytes) return 'a frame past its size';
  return faultOf(() => readFrame(new PlainBytes(bytes)));
}

/** As `frameFault`, of the bytes of one message of any schema. */
export function messageFault(schema: DescMessage, bytes: Uint8Array): FaultKind | undefined {
  return faultOf(() => new BodyReader().message(schema, new PlainBytes(bytes), 1));
}

function faultOf(read: () => void): FaultKind | undefined {
  try {
    read();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof PlainFault) return thrown.kind;
    throw thrown;
  }
}

function readFrame(frame: PlainBytes): void {
  const seen = new Map<unknown, DescField>();
  let body: { readonly schema: DescMessage; readonly bytes: PlainBytes } | undefined;
  let traceparent = new Uint8Array(0);
  while (!frame.atEnd) {
    const { number, wire } = frame.tag();
    const field = ClientFrameSchema.fields.find((field) => field.number === number);
    if (field === undefined) {
      frame.skip(wire);
      continue;
    }
    onlyOnce(seen, field);
    if (field.scalar === ScalarType.UINT32) {
      expectWire(wire, 0);
      frame.uint32();
    } else {
      expectWire(wire, 2);
      const bytes = frame.block();
      if (field.message) body = { schema: field.message, bytes };
      else traceparent = Uint8Array.from(bytes.all());
    }
  }
  if (body === undefined) throw new PlainFault('no body that the server knows');
  if (traceparent.length > 0) expectForm(Form.TRACEPARENT, traceparent);
  new BodyReader().message(body.schema, body.bytes, 1);
}

/** What a list or map holds so far. */
interface Count {
  items: number;
  bytes: number;
}

/** Reads one body, over which the unknown fields are counted. */
class BodyReader {
  #unknown = 0;

  message(schema: DescMessage, bytes: PlainBytes, level: number): void {
    if (level > maxLevels) throw new PlainFault('more than 16 messages one in the other');
    const seen = new Map<unknown, DescField>();
    const counts = new Map<DescField, Count>();
    while (!bytes.atEnd) {
      const { number, wire } = bytes.tag();
      const field = schema.fields.find((field) => field.number === number);
      if (field === undefined) {
        this.#passUnknown(bytes, wire);
      } else if (field.fieldKind === 'list' || field.fieldKind === 'map') {
        const count = counts.get(field) ?? { items: 0, bytes: 0 };
        counts.set(field, count);
        if (field.fieldKind === 'map') this.#entry(field, bytes, wire, count, level);
        else this.#items(field, bytes, wire, count, level);
      } else {
        onlyOnce(seen, field);
        this.#value(valueOf(field), getOption(field, limit), bytes, wire, level);
      }
    }
    const isMissing = (field: DescField) =>
      getOption(field, limit).required && !field.oneof && !seen.has(field) && !counts.get(field)?.items;
    if (schema.fields.some(isMissing)) throw new PlainFault('a required field that is missing');
  }

  #items(field: DescField, bytes: PlainBytes, wire: number, count: Count, level: number): void {
    const type = valueOf(field);
    const bound = boundOfItems(field);
    if (wire !== 2 || wireOf(type) === 2) {
      countItem(count, bound);
      this.#value(type, bound, bytes, wire, level);
      return;
    }
    const packed = bytes.block();
    while (!packed.atEnd) {
      countItem(count, bound);
      this.#value(type, bound, packed, wireOf(type), level);
    }
  }

  #entry(
    field: DescField & { fieldKind: 'map' },
    bytes: PlainBytes,
    wire: number,
    count: Count,
    level: number,
  ): void {
    expectWire(wire, 2);
    const bound = boundOfItems(field);
    countItem(count, bound);
    const entry = bytes.block();
    const seen = new Set<number>();
    while (!entry.atEnd) {
      const { number, wire } = entry.tag();
      if (number !== 1 && number !== 2) {
        this.#passUnknown(entry, wire);
        continue;
      }
      if (seen.has(number)) throw new PlainFault('a field twice');
      seen.add(number);
      count.bytes += this.#value(number === 1 ? field.mapKey : valueOf(field), bound, entry, wire, level);
    }
    if (bound.maxBytes !== 0 && count.bytes > bound.maxBytes)
      throw new PlainFault('a map with too many bytes');
  }

  /** Returns how many bytes the value has, without its length. */
  #value(type: ValueType, bound: Limit, bytes: PlainBytes, wire: number, level: number): number {
    expectWire(wire, wireOf(type));
    if (typeof type === 'object') {
      const message = bytes.block();
      const { left } = message;
      this.message(type, message, level + 1);
      return left;
    }
    if (wire === 2) return readText(type, bound, bytes.block().all());
    const before = bytes.left;
    if (readNumber(type, bytes) === 0n && bound.required)
      throw new PlainFault('a required field that is missing');
    return before - bytes.left;
  }

  #passUnknown(bytes: PlainBytes, wire: number): void {
    if (++this.#unknown > maxUnknownFields) throw new PlainFault('too many unknown fields');
    bytes.skip(wire);
  }
}

function valueOf(field: DescField): ValueType {
  return field.message ?? field.scalar ?? ScalarType.INT32;
}

/** A list or map that is required asks for an item, not for what is in it. */
function boundOfItems(field: DescField): Limit {
  return { ...getOption(field, limit), required: false };
}

function onlyOnce(seen: Map<unknown, DescField>, field: DescField): void {
  const owner = field.oneof ?? field;
  const before = seen.get(owner);
  if (before !== undefined)
    throw new PlainFault(before === field ? 'a field twice' : 'two members of a oneof');
  seen.set(owner, field);
}

function countItem(count: Count, bound: Limit): void {
  if (++count.items > (bound.maxItems || defaultMaxItems))
    throw new PlainFault('a list or map with too many items');
}
