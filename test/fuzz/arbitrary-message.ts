import {
  create,
  type DescField,
  type DescMessage,
  getOption,
  type Message,
  ScalarType,
} from '@bufbuild/protobuf';
import fc from 'fast-check';
import { Form, type Limit, limit } from '../../gen/parley/options/v1/limits_pb.ts';
import { ClientFrameSchema } from '../../gen/parley/signal/v1/frame_pb.ts';

type Value = fc.Arbitrary<unknown>;

const maxUint32 = 0xffff_ffff;
const idCharacters = Array.from('ABCXYZabcxyz0189._~-');
const hexDigits = Array.from({ length: 16 }, (_, digit) => digit.toString(16));
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...hexDigits), minLength: length, maxLength: length });
const traceparents = fc
  .tuple(hex(32), hex(16), hex(2))
  .map(([trace, parent, flags]) => `00-${trace}-${parent}-${flags}`);

/** Frames with any of the bodies, all within their limits. */
export const clientFrames = fc
  .constantFrom(...ClientFrameSchema.fields.filter((field) => field.oneof !== undefined))
  .chain((field) =>
    fc
      .record({
        id: fc.nat(maxUint32),
        traceparent: fc.option(traceparents, { nil: '' }),
        value: required(field),
      })
      .map(({ id, traceparent, value }) =>
        create(ClientFrameSchema, { id, traceparent, body: { case: field.localName, value } as never }),
      ),
  );

/** Messages of a schema, all within their limits. */
export function messages(schema: DescMessage): fc.Arbitrary<Message> {
  const singles = schema.fields.filter((field) => field.oneof === undefined);
  const fields = fc.record(Object.fromEntries(singles.map((field) => [field.localName, required(field)])), {
    requiredKeys: singles.filter((field) => getOption(field, limit).required).map((field) => field.localName),
  });
  const oneofs = fc.record(
    Object.fromEntries(
      schema.oneofs.map((oneof) => [
        oneof.localName,
        fc.oneof(
          ...oneof.fields.map((field) => required(field).map((value) => ({ case: field.localName, value }))),
        ),
      ]),
    ),
    { requiredKeys: [] },
  );
  return fc.tuple(fields, oneofs).map(([some, others]) => create(schema, { ...some, ...others }));
}

/** A field's value where it has one. */
function required(field: DescField): Value {
  const bound = getOption(field, limit);
  switch (field.fieldKind) {
    case 'scalar':
      return scalars(field.scalar, bound);
    case 'enum':
      return fc.oneof(
        fc.constantFrom(
          ...field.enum.values.map((value) => value.number).filter((value) => value !== 0 || !bound.required),
        ),
        fc.integer({ min: -0x8000_0000, max: -1 }), // of a later schema, as are those above what is known
        fc.integer({ min: 1000, max: 0x7fff_ffff }),
      );
    case 'message':
      return messages(field.message);
    case 'list':
      return fc.array(
        field.listKind === 'message'
          ? messages(field.message)
          : scalars(field.scalar ?? ScalarType.INT32, bound),
        {
          maxLength: 3,
        },
      );
    case 'map':
      return fc.dictionary(
        scalars(ScalarType.STRING, bound) as fc.Arbitrary<string>,
        field.mapKind === 'message'
          ? messages(field.message)
          : scalars(field.scalar ?? ScalarType.INT32, bound),
        { maxKeys: 3 },
      );
  }
}

function scalars(scalar: ScalarType, bound: Limit): Value {
  const least = bound.required ? 1 : 0;
  switch (scalar) {
    case ScalarType.STRING:
      return strings(bound, least);
    case ScalarType.BYTES:
      return fc.uint8Array({ minLength: least, maxLength: 200 });
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.DOUBLE:
      return fc.double({ noNaN: true });
    case ScalarType.UINT32:
      return fc.oneof(fc.nat({ max: maxUint32 }), fc.nat(127), fc.constant(maxUint32));
    case ScalarType.FIXED32:
      return fc.nat(maxUint32);
    case ScalarType.INT32:
    case ScalarType.SINT32:
      return fc.integer();
    case ScalarType.FIXED64:
    case ScalarType.UINT64:
      return fc.bigInt({ min: BigInt(least), max: (1n << 64n) - 1n });
    default:
      throw new Error(`no frame has a field of type ${ScalarType[scalar]}`);
  }
}

function strings(bound: Limit, least: number): Value {
  switch (bound.form) {
    case Form.ID:
      return fc.string({ unit: fc.constantFrom(...idCharacters), minLength: least, maxLength: 128 });
    case Form.UUID:
      return least === 1 ? fc.uuid() : fc.option(fc.uuid(), { nil: '' });
    case Form.TRACEPARENT:
      return traceparents;
    default: {
      const longest = Math.min(bound.maxBytes || 1024, 1000);
      return fc.oneof(
        fc.string({ unit: 'binary', minLength: least, maxLength: longest / 4 }), // at most 4 bytes a character
        fc.string({ unit: 'grapheme-ascii', minLength: least, maxLength: longest }),
      );
    }
  }
}
