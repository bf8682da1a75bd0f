import { Buffer } from 'node:buffer';
import { EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';
import {
  type RelayBody,
  RelayBodySchema,
  RelayEventSchema,
  RelaySchema,
} from '../../../gen/parley/signal/v1/relay_pb.ts';
import { ErrorCode, SignalError } from '../../shared/signal-error.ts';
import { idText } from './text.ts';
import { WireReader } from './wire-reader.ts';
import { WireType } from './wire-type.ts';
import {
  lengthFieldSize,
  putBytes,
  putHead,
  putTextField,
  tagOf,
  textFieldSize,
  textLength,
} from './wire-writer.ts';

export type RelayKind = NonNullable<RelayBody['kind']['case']>;

/** What the server needs to know of a relay. */
export interface RelayView {
  readonly roomId: string;
  /** The receiver's peer id. */
  readonly to: string;
  readonly kind: RelayKind;
  /** The bytes of the `RelayBody`, not copied. */
  readonly body: Uint8Array;
}

const roomIdTag = tagOf(RelaySchema.field.roomId, WireType.LENGTH);
const toTag = tagOf(RelaySchema.field.to, WireType.LENGTH);
const bodyTag = tagOf(RelaySchema.field.body, WireType.LENGTH);
const kindsByTag = new Map<number, RelayKind>(
  RelayBodySchema.oneofs.flatMap((oneof) =>
    oneof.fields.map((field) => [tagOf(field, WireType.LENGTH), field.localName as RelayKind]),
  ),
);

/**
 * Views the body of a `relay` frame that `readClientFrame` gave. Throws INVALID_ARGUMENT when the relay holds nothing that this
 * server knows.
 */
export function readRelay(relay: Uint8Array): RelayView {
  const reader = new WireReader(relay);
  let roomId = '';
  let to = '';
  let bodyStart = 0;
  let bodyEnd = 0;
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const start = passField(reader, tag);
    if (tag === roomIdTag) {
      roomId = idText(relay, start, reader.pos);
    } else if (tag === toTag) {
      to = idText(relay, start, reader.pos);
    } else if (tag === bodyTag) {
      bodyStart = start;
      bodyEnd = reader.pos;
    }
  }
  reader.pos = bodyStart;
  reader.end = bodyEnd;
  return { roomId, to, kind: readKind(reader), body: relay.subarray(bodyStart, bodyEnd) };
}

function readKind(reader: WireReader): RelayKind {
  while (reader.pos < reader.end) {
    const tag = reader.tag();
    const kind = kindsByTag.get(tag);
    if (kind !== undefined) return kind;
    passField(reader, tag);
  }
  throw new SignalError(ErrorCode.INVALID_ARGUMENT, 'relay.body.kind is required');
}

/** Passes a field's value. Returns where it begins, of one that has a length. */
function passField(reader: WireReader, tag: number): number {
  const length = tag < 0 ? -1 : reader.skip(tag & 7);
  if (length < 0) throw new SignalError(ErrorCode.MALFORMED_FRAME, `relay ${reader.fault}`);
  return reader.pos - length;
}

const eventTag = tagOf(EventSchema.field.relay, WireType.LENGTH);
const traceparentTag = tagOf(EventSchema.field.traceparent, WireType.LENGTH);
const fromTag = tagOf(RelayEventSchema.field.from, WireType.LENGTH);
const correlationIdTag = tagOf(RelayEventSchema.field.correlationId, WireType.LENGTH);
const eventBodyTag = tagOf(RelayEventSchema.field.body, WireType.LENGTH);

/**
 * The body of a log entry: `Event.relay` with tag and length, the bytes of the `RelayBody` in it as they are, and before it the
 * sender's trace context where it gave one. `correlationId`: in UTF-8, not empty.
 */
export function relayEvent(
  from: string,
  correlationId: Uint8Array,
  relayBody: Uint8Array,
  traceparent = '',
): Uint8Array {
  const fromLength = textLength(from);
  const length =
    textFieldSize(fromTag, fromLength) +
    lengthFieldSize(correlationIdTag, correlationId.length) +
    lengthFieldSize(eventBodyTag, relayBody.length);
  const traceLength = textLength(traceparent);
  const out = Buffer.allocUnsafe(
    textFieldSize(traceparentTag, traceLength) + lengthFieldSize(eventTag, length),
  );
  let at = putTextField(out, 0, traceparentTag, traceparent, traceLength);
  at = putHead(out, at, eventTag, length);
  at = putTextField(out, at, fromTag, from, fromLength);
  at = putBytes(out, putHead(out, at, correlationIdTag, correlationId.length), correlationId);
  putBytes(out, putHead(out, at, eventBodyTag, relayBody.length), relayBody);
  return out;
}
