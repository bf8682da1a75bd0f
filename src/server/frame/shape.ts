import { type DescField, type DescMessage, getOption, ScalarType } from '@bufbuild/protobuf';
import { Form, type Limit, limit } from '../../../gen/parley/options/v1/limits_pb.ts';
import { longestOfForm } from './form.ts';
import { WireType } from './wire-type.ts';

/** How the bytes of one value are checked. */
export const ValueKind = {
  /** uint32, sint32: a varint of 32 bits. */
  UINT32: 0,
  /** int32, enum: a varint of 32 bits; a negative one is extended to 64. */
  INT32: 1,
  /** bool and the 64-bit varints. */
  VARINT: 2,
  FIXED32: 3,
  FIXED64: 4,
  BYTES: 5,
  STRING: 6,
  MESSAGE: 7,
} as const;
export type ValueKind = (typeof ValueKind)[keyof typeof ValueKind];

export const Cardinality = { SINGULAR: 0, LIST: 1, MAP: 2 } as const;
export type Cardinality = (typeof Cardinality)[keyof typeof Cardinality];

/** What the walker knows of one field, or of the keys or values of a map. */
export interface FieldShape {
  readonly number: number;
  /** As the schema has it: `sdp_mid`. */
  readonly name: string;
  /** As generated code has it: `sdpMid`. */
  readonly localName: string;
  readonly cardinality: Cardinality;
  /** Of one value; a map's entry counts as a message. */
  readonly kind: ValueKind;
  /** The wire type of one value. */
  readonly wire: number;
  /** Its bit among the fields seen in a message; members of one oneof share one. 0: its presence is not looked at. */
  readonly bit: number;
  /** Lists and maps: where their count stands among the message's counters; a map's bytes stand after it. */
  readonly slot: number;
  /** Most items of a list, most entries of a map. */
  readonly maxItems: number;
  /** Longest string or bytes. Of a map: most bytes of keys and values together, 0 for no such bound. */
  readonly maxBytes: number;
  readonly form: Form;
  /** A value that is there must not be empty or 0. */
  readonly required: boolean;
  /** The shape of a nested message. */
  readonly message: Shape | undefined;
  /** Maps: what an entry holds. */
  readonly key: FieldShape | undefined;
  readonly value: FieldShape | undefined;
}

/** A message of the schema, as the walker runs on it. */
export interface Shape {
  /** By field number. */
  readonly fields: readonly (FieldShape | undefined)[];
  /** The bits of the fields that must be present. */
  readonly required: number;
  /** How many counters its lists and maps need. */
  readonly slots: number;
}

/** Most counters that a message may need. */
export const maxSlots = 32;
const maxBits = 31;
const maxFieldNumber = 1023;
const defaultMaxBytes = 1024;
const defaultMaxItems = 64;

const shapes = new Map<DescMessage, Shape>();

/**
 * The shape of a message, compiled once. Throws for a schema that the walker can't check: in one message more than 31 fields
 * whose presence matters (a oneof counts once) or 32 counters, a field number above 1023, a form on what is no string.
 */
export function shapeOf(message: DescMessage): Shape {
  const known = shapes.get(message);
  if (known !== undefined) return known;
  const highest = Math.max(0, ...message.fields.map((field) => field.number));
  if (highest > maxFieldNumber) throw unsupported(message, `a field number above ${maxFieldNumber}`);
  const fields = new Array<FieldShape | undefined>(highest + 1).fill(undefined);
  const shape = { fields, required: 0, slots: 0 };
  shapes.set(message, shape); // before its fields are compiled: they may lead back to it
  const bits = new Map<unknown, number>();
  for (const field of message.fields) {
    const bound = getOption(field, limit);
    const compiled = fieldShape(field, bound);
    if (compiled.cardinality === Cardinality.SINGULAR || bound.required) {
      const owner = field.oneof ?? field;
      compiled.bit = bits.get(owner) ?? 1 << bits.size;
      bits.set(owner, compiled.bit);
      if (bound.required && owner === field) shape.required |= compiled.bit;
    }
    if (compiled.cardinality !== Cardinality.SINGULAR) {
      compiled.slot = shape.slots;
      shape.slots += compiled.cardinality === Cardinality.MAP ? 2 : 1;
    }
    fields[field.number] = compiled;
  }
  if (bits.size > maxBits) throw unsupported(message, `more than ${maxBits} singular fields`);
  if (shape.slots > maxSlots) throw unsupported(message, `more than ${maxSlots} counters`);
  return shape;
}

type Draft = { -readonly [Key in keyof FieldShape]: FieldShape[Key] };

function fieldShape(field: DescField, bound: Limit): Draft {
  if (field.fieldKind !== 'map') {
    const shape = valueShape(field.name, field.scalar, field.message, bound);
    if (bound.form !== Form.UNSPECIFIED && shape.kind !== ValueKind.STRING)
      throw unsupported(field, 'a form');
    shape.number = field.number;
    shape.localName = field.localName;
    if (field.fieldKind === 'list') {
      shape.cardinality = Cardinality.LIST;
      shape.required = false; // it asks for an item, not for what is in it
    }
    return shape;
  }
  if (bound.form !== Form.UNSPECIFIED) throw unsupported(field, 'a form');
  const shape = valueShape(field.name, ScalarType.BYTES, undefined, bound);
  shape.number = field.number;
  shape.localName = field.localName;
  shape.cardinality = Cardinality.MAP;
  shape.kind = ValueKind.MESSAGE;
  shape.maxBytes = bound.maxBytes;
  const ofOne: Limit = { ...bound, required: false };
  shape.key = valueShape('key', field.mapKey, undefined, ofOne);
  shape.value = valueShape('value', field.scalar, field.message, ofOne);
  return shape;
}

/** One value: a scalar, an enum when there is neither scalar nor message. All shapes come from here, to be of one hidden class. */
function valueShape(
  name: string,
  scalar: ScalarType | undefined,
  message: DescMessage | undefined,
  bound: Limit,
): Draft {
  const kind = message ? ValueKind.MESSAGE : kindOf(scalar ?? ScalarType.INT32);
  return {
    number: 0,
    name,
    localName: name,
    cardinality: Cardinality.SINGULAR,
    kind,
    wire: wireOf(kind),
    bit: 0,
    slot: -1,
    maxItems: bound.maxItems || defaultMaxItems,
    maxBytes: Math.min(bound.maxBytes || defaultMaxBytes, longestOfForm(bound.form)),
    form: bound.form,
    required: bound.required,
    message: message && shapeOf(message),
    key: undefined,
    value: undefined,
  };
}

function kindOf(scalar: ScalarType): ValueKind {
  switch (scalar) {
    case ScalarType.STRING:
      return ValueKind.STRING;
    case ScalarType.BYTES:
      return ValueKind.BYTES;
    case ScalarType.UINT32:
    case ScalarType.SINT32:
      return ValueKind.UINT32;
    case ScalarType.INT32:
      return ValueKind.INT32;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return ValueKind.FIXED32;
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return ValueKind.FIXED64;
    case ScalarType.BOOL:
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
      return ValueKind.VARINT;
  }
}

function wireOf(kind: ValueKind): WireType {
  if (kind <= ValueKind.VARINT) return WireType.VARINT;
  if (kind === ValueKind.FIXED32) return WireType.FIXED32;
  if (kind === ValueKind.FIXED64) return WireType.FIXED64;
  return WireType.LENGTH;
}

function unsupported(place: DescMessage | DescField, what: string): Error {
  return new Error(`the frame layer does not support ${what}, as in ${String(place)}`);
}
