import { expect, test } from 'vitest';
import { CloseCode } from '../../../../../src/shared/close-codes.ts';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import {
  describeClose,
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

test('a connection that is over for good is said without its number', () => {
  for (const code of [...Object.values(CloseCode), 1006]) {
    const { title, detail } = describeClose(code, undefined);
    expect(`${title} ${detail}`).not.toMatch(/\d/);
  }
  expect(describeClose(CloseCode.REPLACED_BY_SAME_SESSION, undefined).title).toBe('Another window took over');
});

test('names are listed as one would say them', () => {
  expect(listNames(['Ada'])).toBe('Ada');
  expect(listNames(['Ada', 'Bo', 'Cy'])).toBe('Ada, Bo and Cy');
});
