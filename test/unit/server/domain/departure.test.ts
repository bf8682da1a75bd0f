import { expect, test } from 'vitest';
import { LeaveReason } from '../../../../gen/parley/signal/v1/room_pb.ts';
import { takesOut } from '../../../../src/server/domain/departure.ts';
import { eventBody } from '../../../../src/server/frame/event-body.ts';

test('a peer is taken out by its own departure and by the end of its room, and by nothing else', () => {
  const left = eventBody('peerLeft', { peerId: 'alice', reason: LeaveReason.KICKED });
  expect(takesOut(left, 'alice')).toBe(true);
  expect(takesOut(left, 'bob')).toBe(false);
  const closed = eventBody('roomClosed', { peerIds: ['alice', 'bob'] });
  expect(takesOut(closed, 'bob')).toBe(true);
  expect(takesOut(closed, 'carol')).toBe(false);
  expect(takesOut(eventBody('peerUpdated', { peerId: 'alice' }), 'alice')).toBe(false);
  expect(takesOut(new Uint8Array(0), 'alice')).toBe(false);
});
