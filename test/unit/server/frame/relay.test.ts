import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { type RelayBody, RelayBodySchema, RelaySchema } from '../../../../gen/parley/signal/v1/relay_pb.ts';
import { readRelay, relayEvent } from '../../../../src/server/frame/relay.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { messages } from '../../../fuzz/arbitrary-message.ts';
import { type Bytes, block, scalar, tag, text } from './wire-bytes.ts';

const to = '3f2504e0-4f89-41d3-9a0c-0305e82c3301';
const from = '9b2504e0-4f89-41d3-9a0c-0305e82c3302';
const correlationId = 'c9bf9e57-1685-4c89-bafb-ff5af830be8a';

function relay(...body: readonly Bytes[]): Uint8Array {
  return Uint8Array.from([...text(1, 'standup'), ...text(2, to), ...block(3, ...body)]);
}

test.for<[string, number]>([
  ['offer', 1],
  ['answer', 2],
  ['candidates', 3],
  ['signal', 4],
])('a relay of kind %s is viewed without being decoded', ([kind, number]) => {
  const bytes = relay(block(number, text(1, 'v=0')));
  const view = readRelay(bytes);
  expect(view).toMatchObject({ roomId: 'standup', to, kind });
  expect([...view.body]).toEqual(block(number, text(1, 'v=0')));
  expect(view.body.buffer).toBe(bytes.buffer);
});

test('fields in another order and unknown ones change nothing of the view', () => {
  const unknown = [scalar(9, 9), text(10, 'new')].flat();
  const body = [...unknown, ...block(4, text(1, 'renegotiate'))];
  const bytes = Uint8Array.from([...block(3, body), ...unknown, ...text(2, to), ...text(1, 'standup')]);
  expect(readRelay(bytes)).toMatchObject({ roomId: 'standup', to, kind: 'signal' });
  expect([...readRelay(bytes).body]).toEqual(body);
});

test.for<[string, Bytes]>([
  ['nothing', []],
  ['a kind of a later schema', block(15, text(1, 'x'))],
])('a relay of %s is INVALID_ARGUMENT', ([, body]) => {
  expect(() => readRelay(relay(body))).toThrow(
    expect.objectContaining({ code: ErrorCode.INVALID_ARGUMENT, message: 'relay.body.kind is required' }),
  );
});

test('what stands after the body is not taken for its kind', () => {
  const bytes = Uint8Array.from([...block(3), ...text(1, 'standup'), ...text(2, to)]);
  expect(() => readRelay(bytes)).toThrow('relay.body.kind is required');
});

test.for<[string, Uint8Array]>([
  ['a cut length', Uint8Array.of(0x0a)],
  ['a group', Uint8Array.from([...tag(1, 3), 0, ...tag(1, 4), 0])],
  ['a cut tag in its body', relay([0x80])],
])('bytes that were never checked, with %s, are MALFORMED_FRAME', ([, bytes]) => {
  expect(() => readRelay(bytes)).toThrow(expect.objectContaining({ code: ErrorCode.MALFORMED_FRAME }));
});

const relayBodies = messages(RelayBodySchema) as fc.Arbitrary<RelayBody>;

const isGiven = (text: string) => text !== '';

test('P1: the event of a relay is what the generated encoder makes, and holds the body byte for byte', () => {
  const texts = fc.oneof(fc.uuid(), fc.string({ unit: 'binary', maxLength: 100 }));
  fc.assert(
    fc.property(relayBodies, texts, texts.filter(isGiven), (body, from, correlationId) => {
      const bytes = relayEvent(from, Buffer.from(correlationId), toBinary(RelayBodySchema, body));
      const event = create(EventSchema, { body: { case: 'relay', value: { from, correlationId, body } } });
      expect(Buffer.compare(bytes, toBinary(EventSchema, event))).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test('a sender that writes a sender of its own into the relay is not heard', () => {
  const forged = relay(block(1, text(1, 'v=0')), text(9, 'somebody else'));
  const event = fromBinary(EventSchema, relayEvent(from, Buffer.from(correlationId), readRelay(forged).body));
  expect(event.body).toMatchObject({ case: 'relay', value: { from, correlationId } });
});

test('a view of a relay is the decoded message', () => {
  fc.assert(
    fc.property(relayBodies, (body) => {
      fc.pre(body.kind.case !== undefined);
      const view = readRelay(toBinary(RelaySchema, create(RelaySchema, { roomId: 'standup', to, body })));
      expect(view.kind).toBe(body.kind.case);
      expect(Buffer.compare(view.body, toBinary(RelayBodySchema, body))).toBe(0);
    }),
    { numRuns: 300 },
  );
});
