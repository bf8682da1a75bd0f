import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  ControlSchema,
  EventSchema,
  type ReplySchema,
  ServerFrameSchema,
} from '../../../gen/parley/signal/v1/frame_pb.ts';
import { AcknowledgedSchema } from '../../../gen/parley/signal/v1/session_pb.ts';
import type { Entry } from '../port/room-log.ts';
import { OutgoingFrame } from './outgoing-frame.ts';
import { WireType } from './wire-type.ts';
import {
  fixed32FieldSize,
  lengthFieldSize,
  putBytes,
  putFixed32Field,
  putHead,
  putTextField,
  putUint32Field,
  tagOf,
  textFieldSize,
  textLength,
  uint32FieldSize,
} from './wire-writer.ts';

const { LENGTH, VARINT, FIXED32 } = WireType;
const eventTag = tagOf(ServerFrameSchema.field.event, LENGTH);
const streamTag = tagOf(EventSchema.field.stream, LENGTH);
const epochTag = tagOf(EventSchema.field.epoch, FIXED32);
const offsetTag = tagOf(EventSchema.field.offset, VARINT);
const previousTag = tagOf(EventSchema.field.previous, VARINT);
const previousToAllTag = tagOf(EventSchema.field.previousToAll, VARINT);
const directedTag = tagOf(EventSchema.field.directed, VARINT);
const controlTag = tagOf(ServerFrameSchema.field.control, LENGTH);
const acknowledgedTag = tagOf(ControlSchema.field.acknowledged, LENGTH);
const ackedThroughTag = tagOf(AcknowledgedSchema.field.ackedThrough, VARINT);

/** The frame of a log entry, the same for everyone who gets it. `stream` is as the client knows it: a room's id, or empty for the inbox. */
export function eventFrame(stream: string, entry: Entry): OutgoingFrame {
  const { position, previous, previousToAll, body } = entry;
  const { epoch, offset } = position;
  const directed = entry.route === 0 ? 0 : 1;
  const streamLength = textLength(stream);
  const length =
    textFieldSize(streamTag, streamLength) +
    fixed32FieldSize(epochTag, epoch) +
    uint32FieldSize(offsetTag, offset) +
    uint32FieldSize(previousTag, previous) +
    uint32FieldSize(previousToAllTag, previousToAll) +
    uint32FieldSize(directedTag, directed) +
    body.length;
  const frame = new OutgoingFrame(lengthFieldSize(eventTag, length));
  const out = frame.message;
  let at = putHead(out, frame.start, eventTag, length);
  at = putTextField(out, at, streamTag, stream, streamLength);
  at = putFixed32Field(out, at, epochTag, epoch);
  at = putUint32Field(out, at, offsetTag, offset);
  at = putUint32Field(out, at, previousTag, previous);
  at = putUint32Field(out, at, previousToAllTag, previousToAll);
  at = putUint32Field(out, at, directedTag, directed);
  putBytes(out, at, body);
  return frame;
}

/** The frame of a body that was published: it has no place in the stream. */
export function publishedFrame(stream: string, body: Uint8Array): OutgoingFrame {
  return eventFrame(stream, { position: noPosition, route: 0, previous: 0, previousToAll: 0, body });
}

const noPosition = { epoch: 0, offset: 0 };

/** The frame of the answer to one request. */
export function replyFrame(reply: MessageInitShape<typeof ReplySchema>): OutgoingFrame {
  return encoded({ frame: { case: 'reply', value: reply } });
}

/** The frame of something about the connection itself. */
export function controlFrame(control: MessageInitShape<typeof ControlSchema>): OutgoingFrame {
  return encoded({ frame: { case: 'control', value: control } });
}

/** The frame that acknowledges every request up to an id that had no reply of its own. */
export function acknowledgedFrame(ackedThrough: number): OutgoingFrame {
  const length = uint32FieldSize(ackedThroughTag, ackedThrough);
  const controlLength = lengthFieldSize(acknowledgedTag, length);
  const frame = new OutgoingFrame(lengthFieldSize(controlTag, controlLength));
  const out = frame.message;
  let at = putHead(out, frame.start, controlTag, controlLength);
  at = putHead(out, at, acknowledgedTag, length);
  putUint32Field(out, at, ackedThroughTag, ackedThrough);
  return frame;
}

function encoded(frame: MessageInitShape<typeof ServerFrameSchema>): OutgoingFrame {
  return OutgoingFrame.of(toBinary(ServerFrameSchema, create(ServerFrameSchema, frame)));
}
