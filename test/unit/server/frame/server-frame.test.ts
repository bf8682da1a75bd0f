import { create, fromBinary, type MessageShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ErrorCode } from '../../../../gen/parley/signal/v1/error_pb.ts';
import {
  ControlSchema,
  type Event,
  EventSchema,
  ReplySchema,
  ServerFrameSchema,
} from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';
import {
  acknowledgedFrame,
  controlFrame,
  eventFrame,
  publishedFrame,
  replyFrame,
} from '../../../../src/server/frame/server-frame.ts';
import type { Entry } from '../../../../src/server/port/room-log.ts';
import { messages } from '../../../fuzz/arbitrary-message.ts';
import { places, streams, uint32s } from '../../../fuzz/outgoing-frames.ts';

type ServerFrameInit = MessageShape<typeof ServerFrameSchema>['frame'];

/** What the generated encoder makes of the same. */
function encoded(frame: ServerFrameInit): Uint8Array {
  return toBinary(ServerFrameSchema, create(ServerFrameSchema, { frame }));
}

const events = messages(EventSchema) as fc.Arbitrary<Event>;
test('the frame of an entry is what the generated encoder makes', () => {
  fc.assert(
    fc.property(streams, places, events, (stream, place, { body }) => {
      fc.pre(body.case !== undefined);
      const { bytes } = eventFrame(stream, { ...place, body: eventBody(body.case, body.value as never) });
      const { epoch, offset } = place.position;
      const { previous, previousToAll } = place;
      const value = create(EventSchema, {
        stream,
        epoch,
        offset,
        previous,
        previousToAll,
        directed: place.route !== 0,
        body,
      });
      expect(Buffer.compare(bytes, encoded({ case: 'event', value }))).toBe(0);
    }),
    { numRuns: 1000 },
  );
});

const entry: Entry = {
  position: { epoch: 7, offset: 300 },
  route: 12,
  previous: 250,
  previousToAll: 299,
  body: eventBody('peerLeft', { peerId: 'p' }),
};

test('the frame of an entry is decoded with its place', () => {
  expect(fromBinary(ServerFrameSchema, eventFrame('standup', entry).bytes).frame).toMatchObject({
    case: 'event',
    value: {
      stream: 'standup',
      epoch: 7,
      offset: 300,
      previous: 250,
      previousToAll: 299,
      directed: true,
      body: { case: 'peerLeft' },
    },
  });
  const toAll = fromBinary(ServerFrameSchema, eventFrame('', { ...entry, route: 0 }).bytes).frame;
  expect(toAll).toMatchObject({ case: 'event', value: { stream: '', directed: false } });
});

test('frames made one after the other keep their bytes', () => {
  const frames = Array.from({ length: 2000 }, (_, offset) =>
    eventFrame('standup', { ...entry, position: { epoch: 7, offset } }),
  );
  for (const [offset, { bytes }] of frames.entries()) {
    expect(fromBinary(ServerFrameSchema, bytes).frame).toMatchObject({ value: { offset } });
  }
});

test('what is published has no place', () => {
  const body = eventBody('typing', { userId: 'u', typing: true });
  expect(fromBinary(ServerFrameSchema, publishedFrame('standup', body).bytes).frame).toMatchObject({
    case: 'event',
    value: {
      stream: 'standup',
      epoch: 0,
      offset: 0,
      previous: 0,
      previousToAll: 0,
      directed: false,
      body: { case: 'typing' },
    },
  });
});

test('a reply gives back what went in', () => {
  fc.assert(
    fc.property(messages(ReplySchema) as fc.Arbitrary<MessageShape<typeof ReplySchema>>, (reply) => {
      expect(Buffer.compare(replyFrame(reply).bytes, encoded({ case: 'reply', value: reply }))).toBe(0);
    }),
    { numRuns: 200 },
  );
  const error = { code: ErrorCode.ROOM_FULL, message: 'room has 8 members, the limit is 8' };
  expect(
    fromBinary(ServerFrameSchema, replyFrame({ replyTo: 3, result: { case: 'error', value: error } }).bytes)
      .frame,
  ).toMatchObject({
    case: 'reply',
    value: { replyTo: 3, result: { case: 'error', value: error } },
  });
});

test('control of the connection gives back what went in', () => {
  fc.assert(
    fc.property(messages(ControlSchema) as fc.Arbitrary<MessageShape<typeof ControlSchema>>, (control) => {
      expect(Buffer.compare(controlFrame(control).bytes, encoded({ case: 'control', value: control }))).toBe(
        0,
      );
    }),
    { numRuns: 200 },
  );
});

test('an acknowledgement is what the generated encoder makes', () => {
  fc.assert(
    fc.property(uint32s, (ackedThrough) => {
      const control = create(ControlSchema, { body: { case: 'acknowledged', value: { ackedThrough } } });
      expect(
        Buffer.compare(acknowledgedFrame(ackedThrough).bytes, encoded({ case: 'control', value: control })),
      ).toBe(0);
    }),
  );
});
