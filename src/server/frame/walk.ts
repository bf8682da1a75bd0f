import { Form } from '../../../gen/parley/options/v1/limits_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { fitsForm, formName } from './form.ts';
import { Cardinality, type FieldShape, maxSlots, type Shape, ValueKind } from './shape.ts';
import { isText } from './text.ts';
import { WireReader } from './wire-reader.ts';
import { WireType } from './wire-type.ts';

/** Most messages that may stand one within the other. */
const maxLevels = 16;
/** Most fields of a body that the schema does not have: passing them is cheap, but decoding them later is not. */
const maxUnknownFields = 256;
const setTwice = 'is set twice, or beside another of its oneof';
const noBytes = new Uint8Array(0);

/** Checks bytes against shapes. As with the reader below it, -1 says that a call failed. */
class Walker extends WireReader {
  private code: ErrorCode = ErrorCode.MALFORMED_FRAME;
  /** The fields that lead to the fault; built from the innermost outwards, on the way back. */
  private path = '';
  /** How many items the lists and maps have so far, of each message on the way down one after the other. */
  private readonly counts = new Int32Array(maxLevels * maxSlots);
  private top = 0;
  private unknown = 0;

  walk(shape: Shape, bytes: Uint8Array, start: number, end: number, name: string): SignalError | undefined {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
    this.code = ErrorCode.MALFORMED_FRAME;
    this.path = '';
    this.top = 0;
    this.unknown = 0;
    const good = this.message(shape, 1) >= 0;
    this.bytes = noBytes; // so that the frame's bytes can be collected
    if (good) return undefined;
    this.under(name);
    return new SignalError(this.code, `${this.path} ${this.fault}`);
  }

  private message(shape: Shape, level: number): number {
    if (level > maxLevels) return this.fail(`is nested past ${maxLevels} levels`);
    const { fields } = shape;
    const counts = this.top;
    this.top += shape.slots;
    for (let slot = counts; slot < this.top; slot++) this.counts[slot] = 0;
    let seen = 0;
    while (this.pos < this.end) {
      const tag = this.tag();
      if (tag < 0) return -1;
      const number = tag >>> 3;
      const field = number < fields.length ? fields[number] : undefined;
      if (field === undefined) {
        if (this.passUnknown(tag & 7) < 0) return -1;
      } else if (field.cardinality === Cardinality.SINGULAR) {
        if ((seen & field.bit) !== 0) return this.failAt(field, setTwice);
        seen |= field.bit;
        if (this.single(field, tag & 7, level) < 0) return this.under(field.name);
      } else {
        if (this.many(field, tag & 7, counts + field.slot, level) < 0) return this.under(field.name);
        if (this.counts[counts + field.slot] !== 0) seen |= field.bit;
      }
    }
    this.top = counts;
    return (seen & shape.required) === shape.required ? 0 : this.missing(shape, seen);
  }

  private many(field: FieldShape, wire: number, slot: number, level: number): number {
    if (field.cardinality === Cardinality.MAP) return this.entry(field, wire, slot, level);
    if (wire === WireType.LENGTH && field.kind < ValueKind.BYTES) return this.packed(field, slot);
    if (this.countOne(field, slot) < 0) return -1;
    return this.single(field, wire, level) < 0 ? this.underItem(slot) : 0;
  }

  private packed(field: FieldShape, slot: number): number {
    const length = this.length();
    if (length < 0) return -1;
    const outerEnd = this.end;
    this.end = this.pos + length;
    while (this.pos < this.end) {
      if (this.countOne(field, slot) < 0) return -1;
      if (this.scalar(field) < 0) return this.underItem(slot);
    }
    this.end = outerEnd;
    return 0;
  }

  private entry(field: FieldShape, wire: number, slot: number, level: number): number {
    if (wire !== WireType.LENGTH) return this.wrongWire(wire);
    if (this.countOne(field, slot) < 0) return -1;
    const length = this.length();
    if (length < 0) return -1;
    const outerEnd = this.end;
    this.end = this.pos + length;
    let seen = 0;
    let bytes = this.counts[slot + 1] as number;
    while (this.pos < this.end) {
      const tag = this.tag();
      if (tag < 0) return -1;
      const part = tag >>> 3 === 1 ? field.key : tag >>> 3 === 2 ? field.value : undefined;
      if (part === undefined) {
        if (this.passUnknown(tag & 7) < 0) return -1;
        continue;
      }
      if ((seen & (tag >>> 3)) !== 0) return this.failAt(part, 'is set twice');
      seen |= tag >>> 3;
      const start = this.pos;
      const length = this.single(part, tag & 7, level);
      if (length < 0) return this.under(part.name);
      bytes += part.kind < ValueKind.BYTES ? this.pos - start : length;
    }
    this.end = outerEnd;
    this.counts[slot + 1] = bytes;
    if (field.maxBytes === 0 || bytes <= field.maxBytes) return 0;
    return this.invalid(`holds more than ${field.maxBytes} bytes of keys and values`);
  }

  private passUnknown(wire: number): number {
    if (++this.unknown > maxUnknownFields) {
      return this.invalid(`has an unknown field, more than the limit of ${maxUnknownFields}`);
    }
    return this.skip(wire);
  }

  private countOne(field: FieldShape, slot: number): number {
    const count = (this.counts[slot] as number) + 1;
    this.counts[slot] = count;
    return count > field.maxItems ? this.invalid(`holds more than ${field.maxItems} items`) : count;
  }

  /** One value. Returns the length of one that has a length. */
  private single(field: FieldShape, wire: number, level: number): number {
    if (wire !== field.wire) return this.wrongWire(wire);
    if (field.kind < ValueKind.BYTES) return this.scalar(field);
    const length = this.length();
    if (length < 0) return -1;
    if (field.message === undefined) return this.text(field, length);
    const outerEnd = this.end;
    this.end = this.pos + length;
    if (this.message(field.message, level + 1) < 0) return -1;
    this.end = outerEnd;
    return length;
  }

  private scalar(field: FieldShape): number {
    const value = this.scalarValue(field.kind);
    return value === 0 && field.required ? this.invalid('is required') : value;
  }

  private scalarValue(kind: ValueKind): number {
    if (kind === ValueKind.UINT32) return this.uint32();
    if (kind === ValueKind.INT32) return this.int32();
    if (kind === ValueKind.VARINT) return this.varint();
    return this.fixed(kind === ValueKind.FIXED32 ? 4 : 8);
  }

  private text(field: FieldShape, length: number): number {
    const start = this.pos;
    this.pos += length;
    if (length > field.maxBytes) return this.invalid(`is ${length} bytes, the limit is ${field.maxBytes}`);
    if (length === 0) return field.required ? this.invalid('is required') : 0;
    if (field.kind === ValueKind.BYTES) return length;
    if (field.form !== Form.UNSPECIFIED) {
      const fits = fitsForm(field.form, this.bytes, start, this.pos);
      return fits ? length : this.invalid(`is not ${formName(field.form)}`);
    }
    return isText(this.bytes, start, this.pos) ? length : this.fail('is not UTF-8');
  }

  private missing(shape: Shape, seen: number): number {
    const field = shape.fields.find(
      (field) => field !== undefined && (field.bit & shape.required & ~seen) !== 0,
    );
    this.code = ErrorCode.INVALID_ARGUMENT;
    return field === undefined ? -1 : this.failAt(field, 'is required');
  }

  private wrongWire(wire: number): number {
    return this.fail(`has wire type ${wire}, which its type does not have`);
  }

  private invalid(fault: string): number {
    this.code = ErrorCode.INVALID_ARGUMENT;
    return this.fail(fault);
  }

  private failAt(field: FieldShape, fault: string): number {
    this.fail(fault);
    return this.under(field.name);
  }

  private underItem(slot: number): number {
    return this.under(`[${(this.counts[slot] as number) - 1}]`);
  }

  private under(name: string): number {
    this.path = this.path === '' || this.path.startsWith('[') ? name + this.path : `${name}.${this.path}`;
    return -1;
  }
}

const walker = new Walker(noBytes);

/**
 * Checks the message that stands in `bytes` from `start` to `end` against its shape, in full: what passes, the generated decoder
 * decodes, and to the same. Fields that the schema does not have pass when they are well formed, up to 256.
 *
 * Returns what is wrong, undefined for nothing: MALFORMED_FRAME for bytes that are no message of the schema, INVALID_ARGUMENT
 * for a bound, a form or a required field. The message begins with the field's path, which begins with `name`.
 */
export function walk(
  shape: Shape,
  bytes: Uint8Array,
  start: number,
  end: number,
  name: string,
): SignalError | undefined {
  return walker.walk(shape, bytes, start, end, name);
}
