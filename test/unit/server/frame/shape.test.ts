import { StructSchema } from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { RtpCodecParametersSchema } from '../../../../gen/parley/media/v1/rtp_pb.ts';
import { Form } from '../../../../gen/parley/options/v1/limits_pb.ts';
import { ClientFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { CandidateSchema, CandidatesSchema, RelaySchema } from '../../../../gen/parley/signal/v1/relay_pb.ts';
import { JoinRoomSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { Cardinality, shapeOf } from '../../../../src/server/frame/shape.ts';
import { type DescribedField, describedMessage, Type } from './described-message.ts';

test('a message is compiled once', () => {
  expect(shapeOf(RelaySchema)).toBe(shapeOf(RelaySchema));
  expect(shapeOf(ClientFrameSchema).fields[30]?.message).toBe(shapeOf(RelaySchema));
});

test('a message that holds itself is compiled', () => {
  const value = shapeOf(StructSchema).fields[1]?.value?.message;
  expect(value?.fields[5]?.message).toBe(shapeOf(StructSchema));
});

test('bounds are those of the schema, and its defaults where it says nothing', () => {
  const candidate = shapeOf(CandidateSchema);
  expect(candidate.fields[1]).toMatchObject({ name: 'candidate', maxBytes: 4096 });
  expect(candidate.fields[2]).toMatchObject({ name: 'sdp_mid', localName: 'sdpMid', maxBytes: 256 });
  expect(shapeOf(CandidatesSchema).fields[1]).toMatchObject({ cardinality: Cardinality.LIST, maxItems: 64 });
  const attributes = shapeOf(JoinRoomSchema).fields[4];
  expect(attributes).toMatchObject({ cardinality: Cardinality.MAP, maxItems: 64, maxBytes: 16_384 });
  expect(attributes?.value).toMatchObject({ maxBytes: 16_384 });
  const parameters = shapeOf(RtpCodecParametersSchema).fields[5];
  expect(parameters).toMatchObject({ maxBytes: 0, key: { maxBytes: 1024 }, value: { name: 'value' } });
});

test('a form bounds the length as well', () => {
  expect(shapeOf(RelaySchema).fields[1]).toMatchObject({ form: Form.ID, maxBytes: 128, required: true });
  expect(shapeOf(RelaySchema).fields[2]).toMatchObject({ form: Form.UUID, maxBytes: 36 });
});

test('members of a oneof share one bit, others have their own', () => {
  const { fields } = shapeOf(ClientFrameSchema);
  const bits = new Set(fields.flatMap((field) => (field ? [field.bit] : [])));
  expect(bits.size).toBe(3);
  expect(fields[10]?.bit).toBe(fields[113]?.bit);
  expect(fields[1]?.bit).not.toBe(fields[2]?.bit);
});

function manyFields(count: number, field: Omit<DescribedField, 'name'>): DescribedField[] {
  return Array.from({ length: count }, (_, index) => ({ name: `f${index}`, ...field }));
}

test.for<[string, DescribedField[]]>([
  ['more than 31 singular fields', manyFields(32, { type: Type.UINT32 })],
  ['more than 32 counters', manyFields(33, { type: Type.UINT32, repeated: true })],
  ['a field number above 1023', [{ name: 'far', type: Type.UINT32, number: 1024 }]],
  ['a form', [{ name: 'data', type: Type.BYTES, limit: { form: Form.ID } }]],
])('a schema with %s is refused at the start', ([what, fields]) => {
  expect(() => shapeOf(describedMessage(fields))).toThrow(`the frame layer does not support ${what}, as in`);
});

test('a schema up to those bounds is taken', () => {
  expect(() => shapeOf(describedMessage(manyFields(31, { type: Type.UINT32 })))).not.toThrow();
  expect(() =>
    shapeOf(describedMessage(manyFields(32, { type: Type.UINT32, repeated: true }))),
  ).not.toThrow();
});
