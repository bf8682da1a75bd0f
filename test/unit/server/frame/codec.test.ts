import { equals, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ErrorCode as Code } from '../../../../gen/parley/signal/v1/error_pb.ts';
import { ClientFrameSchema, ServerFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { readClientFrame } from '../../../../src/server/frame/client-frame.ts';
import { codecFor, jsonCodec, protoCodec } from '../../../../src/server/frame/codec.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import { eventFrame, replyFrame } from '../../../../src/server/frame/server-frame.ts';
import { type ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { clientFrames } from '../../../fuzz/arbitrary-message.ts';

function read(json: string) {
  return readClientFrame(jsonCodec.toFrameBytes(Buffer.from(json)), 1_048_576);
}

function refusal(data: Uint8Array): [ErrorCode, string, id: number] {
  try {
    jsonCodec.toFrameBytes(data);
  } catch (error) {
    if (error instanceof SignalError) return [error.code, error.message, jsonCodec.refusedId(data)];
    throw error;
  }
  throw new Error('it was not refused');
}

test('each subprotocol has its codec', () => {
  expect(codecFor('parley.v1.proto')).toBe(protoCodec);
  expect(codecFor('parley.v1.json')).toBe(jsonCodec);
  expect(codecFor('parley.v2.proto')).toBeUndefined();
  expect([protoCodec.binary, jsonCodec.binary]).toEqual([true, false]);
});

test('binary frames are not touched', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect(protoCodec.toFrameBytes(bytes)).toBe(bytes);
  expect(protoCodec.toText).toBeUndefined();
  expect(protoCodec.refusedId(bytes)).toBe(0);
});

test('L2: a JSON frame is read as the binary frame that says the same', () => {
  fc.assert(
    fc.property(clientFrames, (message) => {
      const bytes = jsonCodec.toFrameBytes(Buffer.from(toJsonString(ClientFrameSchema, message)));
      expect(equals(ClientFrameSchema, fromBinary(ClientFrameSchema, bytes), message)).toBe(true);
      expect(readClientFrame(bytes, 1_048_576).ok).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('unknown fields of a JSON frame are passed over, and an unknown body is UNKNOWN_FRAME', () => {
  expect(read('{"id":3,"new":[{}],"leaveRoom":{"roomId":"standup","why":"tired"}}')).toMatchObject({
    ok: true,
    frame: { id: 3, kind: 'leaveRoom' },
  });
  expect(read('{"id":3,"teleport":{}}')).toMatchObject({
    ok: false,
    id: 3,
    error: { code: Code.UNKNOWN_FRAME },
  });
});

test('limits hold for JSON frames', () => {
  expect(read('{"id":3,"leave_room":{"room_id":"a/b"}}')).toMatchObject({
    id: 3,
    error: { code: Code.INVALID_ARGUMENT },
  });
});

test.for<[string, json: string, where: string, id: number]>([
  [
    'a value of another type',
    '{"id":3,"relay":{"to":5}}',
    ': field parley.signal.v1.Relay.to does not fit',
    3,
  ],
  ['a list for a message', '{"id":"3","relay":[]}', '', 3],
  [
    'two bodies',
    '{"id":3,"hello":{},"signOut":{}}',
    ': oneof parley.signal.v1.ClientFrame.body does not fit',
    3,
  ],
  [
    'half a surrogate',
    '{"id":3,"getRoom":{"roomId":"\\ud800"}}',
    ': field parley.signal.v1.GetRoom.room_id does not fit',
    3,
  ],
  ['a negative id', '{"id":-3,"signOut":{}}', ': field parley.signal.v1.ClientFrame.id does not fit', 0],
  [
    'an object for an id',
    '{"id":{},"signOut":{}}',
    ': field parley.signal.v1.ClientFrame.id does not fit',
    0,
  ],
  ['a cut end', '{"id":3', '', 0],
  ['a list', '[3]', '', 0],
  ['null', 'null', '', 0],
  ['nothing', '', '', 0],
])('a JSON frame of %s is MALFORMED_FRAME, with the id where it can be read', ([, json, where, id]) => {
  const message = `frame is not a ClientFrame in JSON${where}`;
  expect(refusal(Buffer.from(json))).toEqual([Code.MALFORMED_FRAME, message, id]);
});

test('a JSON frame that is not UTF-8 is MALFORMED_FRAME', () => {
  const data = Buffer.from('{"id":3,"hello":{"client":"?"}}');
  data[data.indexOf('?')] = 0xff;
  expect(refusal(data)).toEqual([Code.MALFORMED_FRAME, 'frame is not a ClientFrame in JSON', 0]);
});

test('JSON nested without end is MALFORMED_FRAME or passed over', () => {
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  expect(refusal(Buffer.from(nested))[0]).toBe(Code.MALFORMED_FRAME);
  expect(read(`{"id":3,"signOut":{},"x":${nested}}`)).toMatchObject({ ok: true, frame: { id: 3 } });
});

test('X5: nothing that the client wrote stands in the error of a JSON frame', () => {
  for (const json of [
    '{"id":3,"hello":{"token":["secret"]}}',
    '{"hello": secret}',
    '{"secret":1,"secret":2}',
  ]) {
    try {
      jsonCodec.toFrameBytes(Buffer.from(json));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SignalError);
      expect((error as SignalError).message).not.toContain('secret');
      expect((error as SignalError).cause).toBeUndefined();
    }
  }
});

test('L2: a frame of the server is written as ProtoJSON, with names for enums and without empty fields', () => {
  const { bytes } = replyFrame({
    replyTo: 3,
    result: { case: 'error', value: { code: Code.ROOM_FULL, message: 'full' } },
  });
  expect(jsonCodec.toText?.(bytes)).toBe(
    '{"reply":{"replyTo":3,"error":{"code":"ERROR_CODE_ROOM_FULL","message":"full"}}}',
  );
});

test('an event that was written by hand is the same in JSON', () => {
  const body = eventBody('message', { id: 1n << 60n, content: 'héllo' });
  const { bytes } = eventFrame('standup', {
    position: { epoch: 7, offset: 3 },
    route: 0,
    previous: 2,
    previousToAll: 2,
    body,
  });
  const text = jsonCodec.toText?.(bytes) ?? '';
  expect(toBinary(ServerFrameSchema, fromJsonString(ServerFrameSchema, text))).toEqual(
    Uint8Array.from(bytes),
  );
  expect(text).toContain('"id":"1152921504606846976"');
});
