import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { GenMessage } from '@bufbuild/protobuf/codegenv2';
import { type Event, EventSchema } from '../../../gen/parley/signal/v1/frame_pb.ts';

/** Which body an event has: `peerJoined`, `message`. */
export type EventKind = NonNullable<Event['body']['case']>;

/** What the message of an event's kind is made from. */
export type EventInit<Kind extends EventKind> = MessageInitShape<
  GenMessage<Extract<Event['body'], { case: Kind }>['value']>
>;

/** The body of a log entry: one field of `Event`'s oneof, with tag and length. */
export function eventBody<Kind extends EventKind>(kind: Kind, message: EventInit<Kind>): Uint8Array {
  const body = { case: kind, value: message } as MessageInitShape<typeof EventSchema>['body'] & object;
  return toBinary(EventSchema, create(EventSchema, { body }));
}
