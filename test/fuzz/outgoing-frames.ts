import { create, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  ControlSchema,
  EventSchema,
  ReplySchema,
  type ServerFrame,
  ServerFrameSchema,
} from '../../gen/parley/signal/v1/frame_pb.ts';
import { RelayBodySchema } from '../../gen/parley/signal/v1/relay_pb.ts';
import type { OutgoingFrame } from '../../src/server/frame/outgoing-frame.ts';
import { messages } from './arbitrary-message.ts';
import type { FrameWriter } from './frame-writer.ts';

/** What the server sends, by one of its writers, and what it is to say. */
export interface OutgoingCase {
  readonly wanted: ServerFrame;
  frame(writer: FrameWriter): OutgoingFrame;
}

/** Numbers up to 2^32 - 1, with all at which a varint gets longer. */
export const uint32s = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.nat(300),
  fc.constantFrom(
    ...[0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21],
    ...[2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1],
  ),
);
/** Texts of any characters, also none. */
export const streams = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 128 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constant(''),
);
/** Where an entry stands in its stream. */
export const places = fc.record({
  position: fc.record({ epoch: uint32s, offset: uint32s }),
  route: uint32s,
  previous: uint32s,
  previousToAll: uint32s,
});

type Place = typeof places extends fc.Arbitrary<infer Value> ? Value : never;

const events = (messages(EventSchema) as fc.Arbitrary<MessageShape<typeof EventSchema>>).filter(
  ({ body }) => body.case !== undefined,
);

/** Every way in which the server writes a frame. */
export const outgoingKinds: Readonly<Record<string, fc.Arbitrary<OutgoingCase>>> = {
  event: fc.tuple(streams, places, events).map(([stream, place, event]) => ({
    wanted: eventOf(stream, place, event.body),
    frame: (writer) => writer.eventFrame(stream, { ...place, body: bodyOf(writer, event.body) }),
  })),
  'published event': fc.tuple(streams, events).map(([stream, event]) => ({
    wanted: serverFrame({ case: 'event', value: { stream, body: event.body } }),
    frame: (writer) => writer.publishedFrame(stream, bodyOf(writer, event.body)),
  })),
  'relayed event': fc
    .tuple(
      streams,
      places,
      streams,
      streams.filter((text) => text !== ''),
      messages(RelayBodySchema) as fc.Arbitrary<MessageShape<typeof RelayBodySchema>>,
    )
    .map(([stream, place, from, correlationId, body]) => ({
      wanted: eventOf(stream, place, { case: 'relay', value: { from, correlationId, body } }),
      frame: (writer) =>
        writer.eventFrame(stream, {
          ...place,
          body: writer.relayEvent(from, Buffer.from(correlationId), toBinary(RelayBodySchema, body)),
        }),
    })),
  reply: (messages(ReplySchema) as fc.Arbitrary<MessageShape<typeof ReplySchema>>).map((value) => ({
    wanted: serverFrame({ case: 'reply', value }),
    frame: (writer) => writer.replyFrame(value),
  })),
  control: (messages(ControlSchema) as fc.Arbitrary<MessageShape<typeof ControlSchema>>).map((value) => ({
    wanted: serverFrame({ case: 'control', value }),
    frame: (writer) => writer.controlFrame(value),
  })),
  acknowledgement: uint32s.map((ackedThrough) => ({
    wanted: serverFrame({
      case: 'control',
      value: { body: { case: 'acknowledged', value: { ackedThrough } } },
    }),
    frame: (writer) => writer.acknowledgedFrame(ackedThrough),
  })),
};

type Body = NonNullable<MessageInitShape<typeof EventSchema>['body']>;

function serverFrame(frame: NonNullable<MessageInitShape<typeof ServerFrameSchema>['frame']>): ServerFrame {
  return create(ServerFrameSchema, { frame });
}

function eventOf(
  stream: string,
  { position, route, previous, previousToAll }: Place,
  body: Body,
): ServerFrame {
  const value = { stream, ...position, previous, previousToAll, directed: route !== 0, body };
  return serverFrame({ case: 'event', value });
}

function bodyOf(writer: FrameWriter, body: MessageShape<typeof EventSchema>['body']): Uint8Array {
  if (body.case === undefined) throw new Error('the event has no body');
  return writer.eventBody(body.case, body.value);
}
