import { expect, test } from 'vitest';
import { ErrorCode, SignalError } from '../../../../../src/shared/signal-error.ts';
import {
  describeSignalError,
  needsAnotherToken,
} from '../../../../../src/web/demo/model/describe-signal-error.ts';

const codes = Object.values(ErrorCode).filter((code) => typeof code === 'number');

test('every error is said in words that a person understands, without a raw code', () => {
  expect(codes.length).toBeGreaterThan(30);
  for (const code of codes) {
    const { title, detail } = describeSignalError(new SignalError(code, 'what the server says'));
    expect(title.length).toBeGreaterThan(5);
    expect(detail.length).toBeGreaterThan(10);
    expect(`${title} ${detail}`).not.toMatch(/[A-Z]{3,}_[A-Z]+|\b\d{4}\b/);
  }
});

test('the reason that a room’s policy gave is shown', () => {
  const error = new SignalError(ErrorCode.JOIN_DENIED, 'denied', { reason: 'the class begins at nine' });
  expect(describeSignalError(error).detail).toContain('the class begins at nine');
});

test('S3: who went on elsewhere, and who signed out, is told so', () => {
  const titles = [ErrorCode.SESSION_REPLACED, ErrorCode.SIGNED_OUT].map(
    (code) => describeSignalError(new SignalError(code, 'ended')).title,
  );
  expect(titles).toEqual(['You went on elsewhere', 'You have signed out']);
});

test('a failure of the server names the line in its log', () => {
  const error = new SignalError(ErrorCode.INTERNAL, 'the server failed', { correlationId: 'abc-123' });
  expect(describeSignalError(error).detail).toContain('abc-123');
});

test('an expired and an invalid token are told apart, and another token is asked for', () => {
  const expired = new SignalError(ErrorCode.TOKEN_EXPIRED, 'the token expired');
  const invalid = new SignalError(ErrorCode.TOKEN_INVALID, 'the signature is wrong');
  expect(describeSignalError(expired).title).not.toBe(describeSignalError(invalid).title);
  expect([expired, invalid].map(needsAnotherToken)).toEqual([true, true]);
  expect(needsAnotherToken(new SignalError(ErrorCode.ROOM_FULL, 'full'))).toBe(false);
});
