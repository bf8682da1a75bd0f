import { expect, test } from 'vitest';
import { UserSeats } from '../../../../src/server/socket/user-seats.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { identityOf } from '../session/usual-options.ts';

const alice = identityOf('alice');

function codeOf(take: () => unknown): ErrorCode | undefined {
  try {
    take();
  } catch (thrown) {
    return (thrown as { readonly code: ErrorCode }).code;
  }
  return undefined;
}

test('X4: a user has so many connections, another has their own, and a seat that is left is free', () => {
  const seats = new UserSeats(2);
  const first = seats.take(alice, '');
  seats.take(alice, '');
  expect(codeOf(() => seats.take(alice, ''))).toBe(ErrorCode.RATE_LIMITED);
  expect(codeOf(() => seats.take({ ...alice, userId: 'bob' }, ''))).toBeUndefined();
  seats.leave('alice', first);
  seats.leave('alice', first);
  expect(codeOf(() => seats.take(alice, ''))).toBeUndefined();
  expect(codeOf(() => seats.take(alice, ''))).toBe(ErrorCode.RATE_LIMITED);
});

test('X4: who takes the place of a connection of the same session finds a seat; a session that is not there helps nobody', () => {
  const seats = new UserSeats(2);
  for (const sessionId of ['one', 'two']) seats.take(alice, '').sessionId = sessionId;
  expect(codeOf(() => seats.take(alice, 'one'))).toBeUndefined();
  expect(codeOf(() => seats.take(alice, 'three'))).toBe(ErrorCode.RATE_LIMITED);
});

test('X4: a user whose token allows one session is not kept from taking its place', () => {
  const seats = new UserSeats(1);
  seats.take(alice, '');
  expect(codeOf(() => seats.take({ ...alice, sessionPolicy: 'replace' }, ''))).toBeUndefined();
});

test('X4: users without connections are forgotten', () => {
  const seats = new UserSeats(1);
  seats.leave('alice', seats.take(alice, ''));
  expect(seats.users).toBe(0);
});
