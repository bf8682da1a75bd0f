import { fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ClientFrame, ClientFrameSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { type ClientFrameView, readClientFrame } from '../../../../src/server/frame/client-frame.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { clientFrames } from './arbitrary-message.ts';
import { mutate } from './mutation.ts';
import { readMessage } from './record-tree.ts';

const maxFrameBytes = 1_048_576;
/** Thousands of cases take their time on a busy machine. */
const timeout = 60_000;

/** The bytes as they come from a socket: somewhere in a larger block. */
function received(bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(bytes.length + 16, 0xff);
  block.set(bytes, 7);
  return block.subarray(7, 7 + bytes.length);
}

function expectSame(view: ClientFrameView, message: ClientFrame): void {
  const { id, traceparent, kind } = view;
  expect({ id, traceparent, kind }).toEqual({
    id: message.id,
    traceparent: message.traceparent,
    kind: message.body.case,
  });
  const { message: schema } = ClientFrameSchema.field[kind];
  if (!schema || !message.body.value) throw new Error(`no body ${kind}`);
  const decoded = fromBinary(schema, view.body);
  expect(Buffer.compare(toBinary(schema, decoded), toBinary(schema, message.body.value))).toBe(0);
}

test('X1: every good frame of any kind passes, and its view decodes to the same message', { timeout }, () => {
  fc.assert(
    fc.property(clientFrames, (message) => {
      const result = readClientFrame(received(toBinary(ClientFrameSchema, message)), maxFrameBytes);
      if (!result.ok) throw result.error;
      expectSame(result.frame, message);
    }),
    { numRuns: 2000 },
  );
});

/** Kinds of what the reader refuses although the generated decoder takes it, each by the words of its error. */
const stricter: readonly (readonly [code: ErrorCode, words: RegExp])[] = [
  [ErrorCode.MALFORMED_FRAME, /has a field of wire type [34]$/],
  [ErrorCode.MALFORMED_FRAME, /has wire type \d, which its type does not have$/],
  [ErrorCode.MALFORMED_FRAME, /has a varint past (32|64) bits$/],
  [ErrorCode.MALFORMED_FRAME, /is set twice(, or beside another of its oneof)?$/],
  [ErrorCode.UNKNOWN_FRAME, /^frame has no body/],
  [ErrorCode.INVALID_ARGUMENT, /is \d+ bytes, the limit is \d+$/],
  [ErrorCode.INVALID_ARGUMENT, /holds more than \d+ (items|bytes of keys and values)$/],
  [ErrorCode.INVALID_ARGUMENT, /has an unknown field, more than the limit of \d+$/],
  [ErrorCode.INVALID_ARGUMENT, /is not an? (id|UUID|traceparent) of /],
  [ErrorCode.INVALID_ARGUMENT, /is required$/],
];

function decoded(bytes: Uint8Array): ClientFrame | undefined {
  try {
    return fromBinary(ClientFrameSchema, bytes);
  } catch {
    return undefined;
  }
}

const bothRefuse = 'refused by both';
/** The decoder does not look whether a field ends within the message around it, and reads on from where the field ended. */
const overlap = 'a field that ends past its message';

function expectAgreement(bytes: Uint8Array): string {
  const result = readClientFrame(bytes, maxFrameBytes);
  const message = decoded(bytes);
  if (result.ok) {
    if (message === undefined) throw new Error('the decoder does not take what the reader does');
    expectSame(result.frame, message);
    const again = toBinary(ClientFrameSchema, message);
    const reread = readClientFrame(again, maxFrameBytes);
    if (!reread.ok) throw reread.error;
    expectSame(reread.frame, message);
    return 'good';
  }
  const { code } = result.error;
  if (message === undefined) return bothRefuse;
  const kind = stricter.find(([kind, words]) => kind === code && words.test(result.error.message));
  if (kind === undefined) {
    expect(code, result.error.message).toBe(ErrorCode.MALFORMED_FRAME);
    expect(() => readMessage(ClientFrameSchema, bytes), result.error.message).toThrow();
    return overlap;
  }
  if (code !== ErrorCode.MALFORMED_FRAME) expect(result.id).toBe(message.id);
  if (code === ErrorCode.UNKNOWN_FRAME) expect(message.body.case).toBeUndefined();
  return kind[1].source;
}

test('X1: what passes of spoilt frames the decoder takes as the same, and what only the reader refuses is of a known kind', {
  timeout,
}, () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(clientFrames, fc.infiniteStream(fc.nat(0x7fff_ffff)), (message, numbers) => {
      const pick = (below: number) => (numbers.next().value as number) % below;
      const outcome = expectAgreement(received(mutate(toBinary(ClientFrameSchema, message), pick)));
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    }),
    { numRuns: 3000 },
  );
  // the changes are neither so mild nor so harsh that nothing is tried
  for (const outcome of ['good', bothRefuse]) expect(seen.get(outcome)).toBeGreaterThan(100);
  expect(seen.size).toBeGreaterThan(6);
});
