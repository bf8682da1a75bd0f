import { type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { Form, type Limit } from '../../gen/parley/options/v1/limits_pb.ts';
import { type PlainBytes, PlainFault } from './plain-bytes.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const defaultMaxBytes = 1024;

/** What a value is: of a scalar type, an enum as int32, or a message. */
export type ValueType = ScalarType | DescMessage;

/** By form, the most bytes and the look of a text that is not empty. */
const forms: ReadonlyMap<Form, { readonly longest: number; readonly look: RegExp }> = new Map([
  [Form.ID, { longest: 128, look: /^[A-Za-z0-9._~-]+$/ }],
  [Form.UUID, { longest: 36, look: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/ }],
  [Form.TRACEPARENT, { longest: 55, look: /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/ }],
]);

/** Checks a text or bytes. Returns how many bytes it has. Throws `PlainFault`, as do all of these. */
export function readText(type: ScalarType, bound: Limit, bytes: Uint8Array): number {
  const { form, maxBytes, required } = bound;
  const longest = Math.min(maxBytes || defaultMaxBytes, forms.get(form)?.longest ?? Infinity);
  if (bytes.length > longest) throw new PlainFault('text or bytes past their limit');
  if (bytes.length === 0 && required) throw new PlainFault('a required field that is missing');
  if (bytes.length > 0 && type === ScalarType.STRING) {
    if (form === Form.UNSPECIFIED) expectUtf8(bytes);
    else expectForm(form, bytes);
  }
  return bytes.length;
}

export function expectForm(form: Form, bytes: Uint8Array): void {
  if (!forms.get(form)?.look.test(Buffer.from(bytes).toString('latin1')))
    throw new PlainFault('text of another form');
}

function expectUtf8(bytes: Uint8Array): void {
  try {
    utf8.decode(bytes);
  } catch {
    throw new PlainFault('text that is not UTF-8');
  }
}

/** Reads a number, in the bits that it has on the wire. */
export function readNumber(type: ScalarType, bytes: PlainBytes): bigint {
  switch (wireOf(type)) {
    case 1:
      return bytes.fixed(8);
    case 5:
      return bytes.fixed(4);
    default:
      if (type === ScalarType.UINT32 || type === ScalarType.SINT32) return bytes.uint32();
      return type === ScalarType.INT32 ? bytes.int32() : bytes.varint(10);
  }
}

export function expectWire(wire: number, wanted: number): void {
  if (wire !== wanted) throw new PlainFault('a wire type that the field does not have');
}

/** The wire type of one value. */
export function wireOf(type: ValueType): number {
  if (typeof type === 'object') return 2;
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return 2;
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
    case ScalarType.FLOAT:
      return 5;
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
    case ScalarType.DOUBLE:
      return 1;
    default:
      return 0;
  }
}
