import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ClientFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { decodeBody, type FrameResult, readClientFrame } from '../../../../src/server/frame/client-frame.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { type Bytes, block, scalar, tag, text, varint } from './wire-bytes.ts';

const maxFrameBytes = 1_048_576;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const id = scalar(1, 4711);
const heartbeat = block(12);
const leaveRoom = block(21, text(1, 'standup'));

function read(...parts: readonly Bytes[]): FrameResult {
  return readClientFrame(Uint8Array.from(parts.flat()), maxFrameBytes);
}

/** The error with the id that it goes to. */
function refusal(...parts: readonly Bytes[]): string {
  const result = read(...parts);
  return result.ok ? 'good' : `${result.id}: ${result.error.codeName}: ${result.error.message}`;
}

test('a frame is viewed by its id, its trace, its kind and the bytes of its body', () => {
  const bytes = Uint8Array.from([...id, ...text(2, traceparent), ...leaveRoom]);
  const result = readClientFrame(bytes, maxFrameBytes);
  if (!result.ok) throw result.error;
  expect(result.frame).toMatchObject({ id: 4711, traceparent, kind: 'leaveRoom' });
  expect(Buffer.from(result.frame.body)).toEqual(Buffer.from(text(1, 'standup')));
  expect(result.frame.body.buffer).toBe(bytes.buffer);
});

test('a frame without id and trace has 0 and an empty text for them', () => {
  expect(read(heartbeat)).toMatchObject({ ok: true, frame: { id: 0, traceparent: '', kind: 'heartbeat' } });
  expect(read(text(2, ''), heartbeat)).toMatchObject({ ok: true, frame: { traceparent: '' } });
});

test('the body may come before the id', () => {
  expect(read(leaveRoom, text(2, traceparent), id)).toMatchObject({
    ok: true,
    frame: { id: 4711, traceparent },
  });
});

test('unknown fields of the frame are passed over', () => {
  expect(read(scalar(3, 3), leaveRoom, text(1000, 'new'), id)).toMatchObject({
    ok: true,
    frame: { id: 4711 },
  });
});

test('X1: a frame past the size limit is FRAME_TOO_LARGE', () => {
  const padding = (length: number) => block(900, Array<number>(length).fill(0));
  const bytes = Uint8Array.from([...heartbeat, ...padding(100)]);
  expect(readClientFrame(bytes, bytes.length).ok).toBe(true);
  const result = readClientFrame(bytes, bytes.length - 1);
  expect(result).toMatchObject({ ok: false, id: 0, error: { code: ErrorCode.FRAME_TOO_LARGE } });
  expect(readClientFrame(new Uint8Array(1_200_000), maxFrameBytes)).toMatchObject({
    error: { message: 'frame is 1200000 bytes, the limit is 1048576' },
  });
});

test.for<[string, Bytes[], string]>([
  ['no bytes at all', [], '0: UNKNOWN_FRAME: frame has no body that this server knows'],
  ['no body', [id], '4711: UNKNOWN_FRAME: frame has no body that this server knows'],
  [
    'a body of a later schema',
    [id, block(999, leaveRoom)],
    '4711: UNKNOWN_FRAME: frame has no body that this server knows: it has field 999',
  ],
  [
    'a body of a later schema, then the id',
    [block(999), id],
    '4711: UNKNOWN_FRAME: frame has no body that this server knows: it has field 999',
  ],
])('a frame with %s is UNKNOWN_FRAME', ([, parts, wanted]) => {
  expect(refusal(...parts)).toBe(wanted);
});

test.for<[string, Bytes[], string]>([
  ['a cut tag', [id, [0x80]], '4711: MALFORMED_FRAME: frame is truncated'],
  ['a cut body', [id, [...tag(21, 2), 9, 1]], '4711: MALFORMED_FRAME: leave_room is truncated'],
  ['a cut id', [tag(1, 0), [0x80]], '0: MALFORMED_FRAME: id is truncated'],
  [
    'an id past 32 bits',
    [scalar(1, 1n << 32n), heartbeat],
    '0: MALFORMED_FRAME: id has a varint past 32 bits',
  ],
  [
    'an id that is a string',
    [text(1, '1'), heartbeat],
    '0: MALFORMED_FRAME: id has wire type 2, which its type does not have',
  ],
  [
    'a body that is a number',
    [id, scalar(12, 1)],
    '4711: MALFORMED_FRAME: heartbeat has wire type 0, which its type does not have',
  ],
  [
    'two ids',
    [id, scalar(1, 4712), heartbeat],
    '0: MALFORMED_FRAME: id is set twice, or beside another of its oneof',
  ],
  [
    'two bodies',
    [id, heartbeat, leaveRoom],
    '4711: MALFORMED_FRAME: leave_room is set twice, or beside another of its oneof',
  ],
  [
    'one body twice',
    [id, heartbeat, heartbeat],
    '4711: MALFORMED_FRAME: heartbeat is set twice, or beside another of its oneof',
  ],
  [
    'a group',
    [id, tag(200, 3), tag(200, 4), heartbeat],
    '4711: MALFORMED_FRAME: frame has a field of wire type 3',
  ],
  ['field number 0', [id, [0, 0], heartbeat], '4711: MALFORMED_FRAME: frame has a field of number 0'],
  ['a cut unknown field', [id, heartbeat, [...tag(200, 5), 1]], '4711: MALFORMED_FRAME: frame is truncated'],
  [
    'a tag past 32 bits',
    [id, varint((1n << 32n) + 98n), [0]],
    '4711: MALFORMED_FRAME: frame has a varint past 32 bits',
  ],
  ['a fault in its body', [block(21, [0x80]), id], '4711: MALFORMED_FRAME: leave_room is truncated'],
])('a frame with %s is MALFORMED_FRAME, with the id where it can be read', ([, parts, wanted]) => {
  expect(refusal(...parts)).toBe(wanted);
});

test('X1: a bound passed in the body is INVALID_ARGUMENT that answers the request', () => {
  const relay = block(
    30,
    text(1, 'standup'),
    text(2, '3f2504e0-4f89-41d3-9a0c-0305e82c3301'),
    block(3, block(1, text(1, 'x'.repeat(262_145)))),
  );
  expect(refusal(relay, id)).toBe(
    '4711: INVALID_ARGUMENT: relay.body.offer.sdp is 262145 bytes, the limit is 262144',
  );
  expect(refusal(id, block(21))).toBe('4711: INVALID_ARGUMENT: leave_room.room_id is required');
});

test('a traceparent of another form is INVALID_ARGUMENT that answers the request', () => {
  for (const bad of ['x', traceparent.toUpperCase(), `${traceparent}0`]) {
    expect(refusal(text(2, bad), heartbeat, id)).toBe(
      '4711: INVALID_ARGUMENT: traceparent is not a traceparent of 55 characters',
    );
  }
});

test('a body is decoded by its schema, and only as what it is', () => {
  const bytes = toBinary(
    ClientFrameSchema,
    create(ClientFrameSchema, { body: { case: 'leaveRoom', value: { roomId: 'standup' } } }),
  );
  const result = readClientFrame(bytes, maxFrameBytes);
  if (!result.ok) throw result.error;
  expect(decodeBody(result.frame, 'leaveRoom').roomId).toBe('standup');
  expect(() => decodeBody(result.frame, 'getRoom')).toThrow(
    expect.objectContaining({ code: ErrorCode.INTERNAL }),
  );
});
