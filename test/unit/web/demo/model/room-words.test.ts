import { expect, test } from 'vitest';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import {
  describeDeparture,
  describeOwnDeparture,
  listNames,
} from '../../../../../src/web/demo/model/room-words.ts';

test('a departure says why', () => {
  expect(describeDeparture('Ada', 'left')).toBe('Ada left.');
  expect(describeDeparture('Ada', 'connection_lost')).toContain('lost the connection');
  expect(describeDeparture('Ada', 'kicked')).toContain('put out');
});

test('the own departure says what happened, or why the server refused one’s return', () => {
  expect(describeOwnDeparture('daily', 'room_closed', undefined).title).toBe('The room was closed');
  const full = new SignalError(ErrorCode.ROOM_FULL, 'the room is full');
  expect(describeOwnDeparture('daily', 'unknown', full).title).toBe('The room is full');
});

test('names are listed as one would say them', () => {
  expect(listNames(['Ada'])).toBe('Ada');
  expect(listNames(['Ada', 'Bo', 'Cy'])).toBe('Ada, Bo and Cy');
});
