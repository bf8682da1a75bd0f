import { create, type DescField, equals, fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { EventSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { LeaveReason } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { type EventKind, eventBody } from '../../../../src/server/frame/event-body.ts';
import { block, scalar, text } from './wire-bytes.ts';

const kinds = EventSchema.fields.filter((field) => field.oneof !== undefined);

test('a body is one field of the event, with tag and length', () => {
  const bytes = eventBody('peerLeft', { peerId: 'p', reason: LeaveReason.KICKED });
  expect([...bytes]).toEqual(block(21, text(1, 'p'), scalar(2, LeaveReason.KICKED)));
});

test('a body without content is there all the same', () => {
  expect([...eventBody('roomClosed', {})]).toEqual(block(24));
});

test.for(kinds.map((field): [string, DescField] => [field.localName, field]))(
  '%s is decoded as such',
  ([name, field]) => {
    if (!field.message) throw new Error(`${name} is no message`);
    const message = create(field.message);
    const { body } = fromBinary(EventSchema, eventBody(name as EventKind, message as never));
    expect(body.case).toBe(name);
    expect(equals(field.message, body.value ?? create(EventSchema), message)).toBe(true);
  },
);
