import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import {
  BoolValueSchema,
  DoubleValueSchema,
  FloatValueSchema,
  Int32ValueSchema,
  Int64ValueSchema,
} from '@bufbuild/protobuf/wkt';
import { expect, test } from 'vitest';
import { EditMessageRequestSchema } from '../../../../gen/parley/chat/v1/chat_pb.ts';
import { ProduceRequestSchema } from '../../../../gen/parley/media/v1/media_pb.ts';
import { GetPresenceSchema } from '../../../../gen/parley/signal/v1/presence_pb.ts';
import { RelaySchema } from '../../../../gen/parley/signal/v1/relay_pb.ts';
import { JoinRoomSchema, UpdateRoomSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { DroppedSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { shapeOf } from '../../../../src/server/frame/shape.ts';
import { walk } from '../../../../src/server/frame/walk.ts';
import { describedMessage, Type } from './described-message.ts';
import { type Bytes, block, scalar, tag, text, varint } from './wire-bytes.ts';

const room = text(1, 'standup');
const to = text(2, '3f2504e0-4f89-41d3-9a0c-0305e82c3301');
const offer = block(1, text(1, 'v=0'));

/** What the walker says of the parts, with bytes around them that it must not look at. */
function check(schema: DescMessage, ...parts: readonly Bytes[]): string {
  const content = parts.flat();
  const bytes = Uint8Array.from([0xff, ...content, 0xff]);
  const error = walk(shapeOf(schema), bytes, 1, 1 + content.length, 'it');
  if (error !== undefined) return `${error.codeName}: ${error.message}`;
  fromBinary(schema, Uint8Array.from(content)); // what passes is decoded
  return 'good';
}

test('a message that fits passes', () => {
  expect(check(RelaySchema, room, to, block(3, offer))).toBe('good');
});

test('fields may come in any order', () => {
  expect(check(RelaySchema, block(3, offer), to, room)).toBe('good');
});

test('unknown fields of each wire type are passed over', () => {
  const unknown = [
    scalar(900, 5),
    [...tag(901, 1), ...Array<number>(8).fill(7)],
    text(902, 'x'),
    [...tag(536_870_911, 5), 1, 2, 3, 4],
  ];
  expect(check(RelaySchema, room, to, ...unknown, block(3, offer, ...unknown))).toBe('good');
});

test.for<[string, Bytes[], string]>([
  ['a tag without its value', [tag(1, 2)], 'it.room_id is truncated'],
  ['a length past the end', [[...tag(1, 2), 9, 65]], 'it.room_id is truncated'],
  [
    'a length past the end of the message around it',
    [room, to, [...tag(3, 2), 3, 0x0a, 2, 0x0a], offer],
    'it.body.offer is truncated',
  ],
  ['half a varint', [[...tag(3, 2), 0x80]], 'it.body is truncated'],
  ['four bytes of a varint of five', [[...tag(1, 2), 0x80, 0x80, 0x80, 0x80]], 'it.room_id is truncated'],
  ['half a tag', [[0x80]], 'it is truncated'],
  ['half an unknown fixed64', [[...tag(90, 1), 0, 0, 0]], 'it is truncated'],
  ['half an unknown fixed32', [[...tag(90, 5), 0, 0, 0]], 'it is truncated'],
  ['an unknown length past the end', [[...tag(90, 2), 3, 0, 0]], 'it is truncated'],
  ['an unknown varint without end', [[...tag(90, 0), 0x80]], 'it is truncated'],
  ['an unknown varint of 11 bytes', [[...tag(90, 0), ...varint(0, 11)]], 'it has a varint past 64 bits'],
  ['a varint past 64 bits', [[...tag(90, 0), ...varint(1n << 64n)]], 'it has a varint past 64 bits'],
  ['a tag of 6 bytes', [[...varint(10, 6), 1, 65]], 'it has a varint past 32 bits'],
  ['a tag past 32 bits', [[...varint(1n << 32n), 1, 65]], 'it has a varint past 32 bits'],
  ['a length of 6 bytes', [[...tag(1, 2), ...varint(1, 6), 65]], 'it.room_id has a varint past 32 bits'],
  ['field number 0', [[2, 1, 65]], 'it has a field of number 0'],
  ['the start of a group', [tag(1, 3)], 'it has a field of wire type 3'],
  ['the end of a group', [tag(90, 4)], 'it has a field of wire type 4'],
  ['wire type 6', [tag(90, 6)], 'it has a field of wire type 6'],
  ['wire type 7', [tag(90, 7)], 'it has a field of wire type 7'],
  ['a string as varint', [scalar(1, 5)], 'it.room_id has wire type 0, which its type does not have'],
  [
    'a message as fixed32',
    [[...tag(3, 5), 0, 0, 0, 0]],
    'it.body has wire type 5, which its type does not have',
  ],
  ['a string twice', [room, to, room], 'it.room_id is set twice, or beside another of its oneof'],
  [
    'a message twice',
    [block(3, offer), block(3, offer)],
    'it.body is set twice, or beside another of its oneof',
  ],
  [
    'two members of a oneof',
    [block(3, offer, block(2, text(1, 'v=0')))],
    'it.body.answer is set twice, or beside another of its oneof',
  ],
  [
    'a string that is not UTF-8',
    [block(3, block(1, block(1, [0xc3, 0x28])))],
    'it.body.offer.sdp is not UTF-8',
  ],
  [
    'a surrogate in a string',
    [block(3, block(1, block(1, [0xed, 0xa0, 0x80])))],
    'it.body.offer.sdp is not UTF-8',
  ],
  [
    'a long string that is not UTF-8',
    [block(3, block(1, block(1, [...Array<number>(200).fill(65), 0xff])))],
    'it.body.offer.sdp is not UTF-8',
  ],
  [
    'a fault in an item',
    [block(3, block(3, block(1), block(1), block(1, block(2, [0xff]))))],
    'it.body.candidates.candidates[2].sdp_mid is not UTF-8',
  ],
])('%s is MALFORMED_FRAME', ([, parts, message]) => {
  expect(check(RelaySchema, ...parts)).toBe(`MALFORMED_FRAME: ${message}`);
});

const sdp = (length: number) => block(3, block(1, text(1, 'x'.repeat(length))));
const candidates = (count: number) => block(3, block(3, ...Array<Bytes>(count).fill(block(1))));

test.for<[string, Bytes[], string]>([
  ['an SDP past 256 KB', [room, to, sdp(262_145)], 'it.body.offer.sdp is 262145 bytes, the limit is 262144'],
  [
    'a candidate past 4 KB',
    [block(3, block(3, block(1, text(1, 'x'.repeat(4097)))))],
    'it.body.candidates.candidates[0].candidate is 4097 bytes, the limit is 4096',
  ],
  ['a 65th candidate', [candidates(65)], 'it.body.candidates.candidates holds more than 64 items'],
  ['an id past 128 bytes', [text(1, 'x'.repeat(129))], 'it.room_id is 129 bytes, the limit is 128'],
  [
    'an id of other characters',
    [text(1, 'a/b')],
    'it.room_id is not an id of 1 to 128 characters A-Z a-z 0-9 . _ ~ -',
  ],
  [
    'an id that is not UTF-8',
    [block(1, [0xff])],
    'it.room_id is not an id of 1 to 128 characters A-Z a-z 0-9 . _ ~ -',
  ],
  ['no UUID', [text(2, 'not-a-uuid')], 'it.to is not a UUID of 36 characters in lower case'],
  ['an empty string that is required', [text(1, '')], 'it.room_id is required'],
  ['a string that is required and absent', [to, block(3, offer)], 'it.room_id is required'],
  ['a message that is required and absent', [room, to], 'it.body is required'],
  [
    'a nested string that is required and absent',
    [room, to, block(3, block(1))],
    'it.body.offer.sdp is required',
  ],
  [
    'a signal past 256 KB',
    [block(3, block(4, text(2, 'x'.repeat(262_145))))],
    'it.body.signal.data is 262145 bytes, the limit is 262144',
  ],
])('%s is INVALID_ARGUMENT', ([, parts, message]) => {
  expect(check(RelaySchema, ...parts)).toBe(`INVALID_ARGUMENT: ${message}`);
});

test('what is just at its limit passes', () => {
  expect(check(RelaySchema, room, to, sdp(262_144))).toBe('good');
  expect(check(RelaySchema, room, to, candidates(64))).toBe('good');
  expect(check(RelaySchema, text(1, 'x'.repeat(128)), to, sdp(1))).toBe('good');
  expect(check(RelaySchema, room, to, block(3, block(3, block(1, text(1, 'x'.repeat(4096))))))).toBe('good');
});

test('a string without a limit of its own has 1,024 bytes', () => {
  const schema = describedMessage([{ name: 'note', type: Type.STRING }]);
  expect(check(schema, text(1, 'é'.repeat(512)))).toBe('good');
  expect(check(schema, text(1, 'é'.repeat(513)))).toBe(
    'INVALID_ARGUMENT: it.note is 1026 bytes, the limit is 1024',
  );
});

test('limit and form of a repeated string are of each item', () => {
  const users = (count: number, user: string) => Array<Bytes>(count).fill(text(1, user));
  expect(check(GetPresenceSchema, ...users(1000, 'u'.repeat(128)))).toBe('good');
  expect(check(GetPresenceSchema, ...users(1001, 'u'))).toBe(
    'INVALID_ARGUMENT: it.user_ids holds more than 1000 items',
  );
  expect(check(GetPresenceSchema, ...users(3, 'u'), text(1, 'no id'))).toContain(
    'INVALID_ARGUMENT: it.user_ids[3] is not an id',
  );
  expect(check(GetPresenceSchema, text(1, ''))).toBe('good');
});

const entry = (key: string, value: string) => block(4, text(1, key), text(2, value));

test('a map is bounded in its entries, and in its keys and values together', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, index) => entry(`k${index}`, 'v'));
  expect(check(JoinRoomSchema, ...entries(64))).toBe('good');
  expect(check(JoinRoomSchema, ...entries(65))).toBe(
    'INVALID_ARGUMENT: it.attributes holds more than 64 items',
  );
  expect(check(JoinRoomSchema, entry('a', 'x'.repeat(8191)), entry('b', 'x'.repeat(8191)))).toBe('good');
  expect(check(JoinRoomSchema, entry('a', 'x'.repeat(8191)), entry('bc', 'x'.repeat(8191)))).toBe(
    'INVALID_ARGUMENT: it.attributes holds more than 16384 bytes of keys and values',
  );
  expect(check(JoinRoomSchema, entry('a', 'x'.repeat(16_385)))).toBe(
    'INVALID_ARGUMENT: it.attributes.value is 16385 bytes, the limit is 16384',
  );
});

test('an entry of a map may lack its key, its value or both, and hold unknown fields', () => {
  expect(check(JoinRoomSchema, block(4), block(4, text(1, 'k')), block(4, text(2, 'v'), scalar(9, 9)))).toBe(
    'good',
  );
});

test.for<[string, Bytes, string]>([
  ['two keys', block(4, text(1, 'a'), text(1, 'b')), 'it.attributes.key is set twice'],
  ['two values', block(4, text(2, 'a'), text(2, 'b')), 'it.attributes.value is set twice'],
  [
    'a key of another wire type',
    block(4, scalar(1, 1)),
    'it.attributes.key has wire type 0, which its type does not have',
  ],
  ['a key that is not UTF-8', block(4, block(1, [0xff])), 'it.attributes.key is not UTF-8'],
  ['a group', block(4, tag(1, 3)), 'it.attributes has a field of wire type 3'],
  ['a length past its end', block(4, [...tag(2, 2), 5, 65]), 'it.attributes.value is truncated'],
  ['an unknown field past its end', block(4, [...tag(7, 5), 65]), 'it.attributes is truncated'],
])('an entry of a map with %s is MALFORMED_FRAME', ([, bytes, message]) => {
  expect(check(JoinRoomSchema, bytes, entry('k', 'v'))).toBe(`MALFORMED_FRAME: ${message}`);
});

test('a map that is no message on the wire is MALFORMED_FRAME', () => {
  expect(check(JoinRoomSchema, scalar(4, 1))).toBe(
    'MALFORMED_FRAME: it.attributes has wire type 0, which its type does not have',
  );
});

test('the messages in a map are checked', () => {
  const parameter = (...parts: Bytes[]) => block(4, block(2, block(5, text(1, 'k'), block(2, ...parts))));
  const request = [room, text(2, 't'), scalar(3, 1)];
  expect(check(ProduceRequestSchema, ...request, parameter(text(1, 'x'.repeat(4096))))).toBe('good');
  expect(check(ProduceRequestSchema, ...request, parameter(text(1, 'x'.repeat(4097))))).toBe(
    'INVALID_ARGUMENT: it.rtp_parameters.codecs[0].parameters.value.text is 4097 bytes, the limit is 4096',
  );
});

test('a required enum or number must not be 0', () => {
  const request = [room, text(2, 't'), block(4)];
  expect(check(ProduceRequestSchema, ...request, scalar(3, 2))).toBe('good');
  expect(check(ProduceRequestSchema, ...request, scalar(3, 0))).toBe('INVALID_ARGUMENT: it.kind is required');
  expect(check(ProduceRequestSchema, ...request)).toBe('INVALID_ARGUMENT: it.kind is required');
  const conversation = block(1, text(1, 'standup'));
  const messageId = (...bytes: number[]) => [...tag(2, 1), ...bytes];
  expect(check(EditMessageRequestSchema, conversation, messageId(0, 0, 0, 0, 0, 0, 0, 1))).toBe('good');
  expect(check(EditMessageRequestSchema, conversation, messageId(0, 0, 0, 0, 0, 0, 0, 0))).toBe(
    'INVALID_ARGUMENT: it.message_id is required',
  );
});

test('a required list must have an item', () => {
  const schema = describedMessage([
    { name: 'numbers', type: Type.UINT32, repeated: true, limit: { required: true } },
  ]);
  expect(check(schema, scalar(1, 0))).toBe('good');
  expect(check(schema)).toBe('INVALID_ARGUMENT: it.numbers is required');
  expect(check(schema, block(1))).toBe('INVALID_ARGUMENT: it.numbers is required');
});

test('a message with all within it may have 256 unknown fields', () => {
  const unknown = (count: number) => Array<Bytes>(count).fill(scalar(9, 1));
  const entries = [block(4, ...unknown(100)), block(4, ...unknown(100))];
  expect(check(JoinRoomSchema, ...unknown(56), ...entries)).toBe('good');
  expect(check(JoinRoomSchema, ...unknown(57), ...entries)).toBe(
    'INVALID_ARGUMENT: it.attributes has an unknown field, more than the limit of 256',
  );
  expect(check(JoinRoomSchema, ...unknown(257))).toBe(
    'INVALID_ARGUMENT: it has an unknown field, more than the limit of 256',
  );
});

test('a list of numbers may be packed, unpacked or both', () => {
  const packed = (count: number) => block(1, ...Array<Bytes>(count).fill(varint(300)));
  expect(check(DroppedSchema, scalar(1, 1), packed(62), scalar(1, 2))).toBe('good');
  expect(check(DroppedSchema, scalar(1, 1), packed(63), scalar(1, 2))).toBe(
    'INVALID_ARGUMENT: it.ids holds more than 64 items',
  );
  expect(check(DroppedSchema, packed(65))).toBe('INVALID_ARGUMENT: it.ids holds more than 64 items');
  expect(check(DroppedSchema, block(1, [1, 0x80]), scalar(1, 2))).toBe(
    'MALFORMED_FRAME: it.ids[1] is truncated',
  );
  expect(check(DroppedSchema, [...tag(1, 2), 9, 1])).toBe('MALFORMED_FRAME: it.ids is truncated');
  expect(check(DroppedSchema, [...tag(1, 5), 1, 2, 3, 4])).toBe(
    'MALFORMED_FRAME: it.ids[0] has wire type 5, which its type does not have',
  );
});

test.for<[string, DescMessage, Bytes, string]>([
  ['int32 of -1', Int32ValueSchema, scalar(1, -1n & 0xffff_ffff_ffff_ffffn), 'good'],
  ['int32 of -2^31', Int32ValueSchema, scalar(1, 0xffff_ffff_8000_0000n), 'good'],
  ['int32 of -1 in 5 bytes', Int32ValueSchema, scalar(1, 0xffff_ffffn), 'good'],
  ['int32 padded to 5 bytes', Int32ValueSchema, scalar(1, 5, 5), 'good'],
  [
    'int32 of 2^32',
    Int32ValueSchema,
    scalar(1, 1n << 32n),
    'MALFORMED_FRAME: it.value has a varint past 32 bits',
  ],
  [
    'int32 padded to 6 bytes',
    Int32ValueSchema,
    scalar(1, 5, 6),
    'MALFORMED_FRAME: it.value has a varint past 32 bits',
  ],
  [
    'int32 of -2^31 - 1',
    Int32ValueSchema,
    scalar(1, 0xffff_ffff_7fff_ffffn),
    'MALFORMED_FRAME: it.value has a varint past 32 bits',
  ],
  [
    'int32 of 2^63 - 1, whose lower half is that of -1',
    Int32ValueSchema,
    scalar(1, (1n << 63n) - 1n, 10),
    'MALFORMED_FRAME: it.value has a varint past 32 bits',
  ],
  [
    'int32 with a hole in its sign',
    Int32ValueSchema,
    scalar(1, 0xffff_fffe_ffff_ffffn ^ (1n << 40n)),
    'MALFORMED_FRAME: it.value has a varint past 32 bits',
  ],
  ['int64 of 2^63', Int64ValueSchema, scalar(1, 1n << 63n), 'good'],
  ['int64 padded to 10 bytes', Int64ValueSchema, scalar(1, 5, 10), 'good'],
  [
    'int64 past 64 bits',
    Int64ValueSchema,
    scalar(1, 1n << 64n),
    'MALFORMED_FRAME: it.value has a varint past 64 bits',
  ],
  ['bool in 2 bytes', BoolValueSchema, scalar(1, 300), 'good'],
  [
    'bool in 11 bytes',
    BoolValueSchema,
    scalar(1, 1, 11),
    'MALFORMED_FRAME: it.value has a varint past 64 bits',
  ],
  ['a float', FloatValueSchema, [...tag(1, 5), 0, 0, 128, 63], 'good'],
  [
    'a float of 3 bytes',
    FloatValueSchema,
    [...tag(1, 5), 0, 0, 128],
    'MALFORMED_FRAME: it.value is truncated',
  ],
  ['a double', DoubleValueSchema, [...tag(1, 1), 0, 0, 0, 0, 0, 0, 240, 63], 'good'],
  [
    'a double as a float',
    DoubleValueSchema,
    [...tag(1, 5), 0, 0, 128, 63],
    'MALFORMED_FRAME: it.value has wire type 5, which its type does not have',
  ],
])('%s', ([, schema, bytes, wanted]) => {
  expect(check(schema, bytes)).toBe(wanted);
});

test('a uint32 is one of 32 bits in up to 5 bytes', () => {
  const negotiation = (value: number | bigint, length?: number) => [
    room,
    to,
    block(3, block(1, text(1, 'v=0'), scalar(2, value, length))),
  ];
  expect(check(RelaySchema, ...negotiation(0xffff_ffff))).toBe('good');
  expect(check(RelaySchema, ...negotiation(7, 5))).toBe('good');
  expect(check(RelaySchema, ...negotiation(1n << 32n))).toBe(
    'MALFORMED_FRAME: it.body.offer.negotiation has a varint past 32 bits',
  );
  expect(check(RelaySchema, ...negotiation(7, 6))).toBe(
    'MALFORMED_FRAME: it.body.offer.negotiation has a varint past 32 bits',
  );
});

test('messages within messages go 16 levels down', () => {
  const nested = (levels: number): Bytes => (levels === 1 ? [] : block(1, nested(levels - 1)));
  const schema = describedMessage([{ name: 'inner', type: Type.MESSAGE }]);
  expect(check(schema, nested(16))).toBe('good');
  expect(check(schema, nested(17))).toBe(
    `MALFORMED_FRAME: it${'.inner'.repeat(16)} is nested past 16 levels`,
  );
});

test('counts hold however many messages came before', () => {
  const schema = describedMessage([
    { name: 'inner', type: Type.MESSAGE, repeated: true },
    { name: 'numbers', type: Type.UINT32, repeated: true },
  ]);
  const many = block(1, ...Array<Bytes>(64).fill(block(1)));
  expect(check(schema, ...Array<Bytes>(64).fill(many))).toBe('good');
  expect(
    check(schema, ...Array<Bytes>(63).fill(many), block(1, ...Array<Bytes>(65).fill(scalar(2, 1)))),
  ).toBe('INVALID_ARGUMENT: it.inner[63].numbers holds more than 64 items');
});

test('a fault leaves nothing behind for the next message', () => {
  const deep = [room, to, block(3, block(3, block(1), block(1), block(1, [0xff])))];
  for (let round = 0; round < 100; round++)
    expect(check(RelaySchema, ...deep)).toContain('candidates[2] is truncated');
  expect(check(RelaySchema, room, to, candidates(64))).toBe('good');
  expect(check(UpdateRoomSchema)).toBe('INVALID_ARGUMENT: it.room_id is required');
  expect(check(RelaySchema, [0x80])).toBe('MALFORMED_FRAME: it is truncated');
});

test('what a client wrote does not stand in the message', () => {
  const secret = 'eyJhbGciOi'.repeat(20);
  for (const parts of [[text(1, secret)], [block(4, text(1, secret), block(2, [0xff]))]]) {
    expect(check(JoinRoomSchema, ...parts)).not.toContain('eyJ');
  }
});
