import { expect, test } from 'vitest';
import { RequestBook } from '../../../../src/server/session/request-book.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';

test('what is answered is acknowledged up to the first request that still waits, and each id is told once', () => {
  const book = new RequestBook();
  for (const id of [1, 2, 5, 9]) expect(book.begin(id)).toBeUndefined();
  expect(book.takeAcknowledged()).toBe(0);
  book.finish(2);
  expect(book.takeAcknowledged()).toBe(0);
  book.finish(1);
  expect(book.takeAcknowledged()).toBe(4);
  expect(book.takeAcknowledged()).toBe(0);
  book.finish(9);
  expect(book.takeAcknowledged()).toBe(0);
  book.finish(5);
  expect(book.takeAcknowledged()).toBe(9);
});

test('a connection that begins with a high id, as after a resume, acknowledges nothing that it was not asked', () => {
  const book = new RequestBook();
  book.begin(70);
  expect(book.takeAcknowledged()).toBe(69);
  book.finish(70);
  expect(book.takeAcknowledged()).toBe(70);
});

test('an id that does not rise is refused, and so is the 65th request that would wait', () => {
  const book = new RequestBook();
  book.begin(3);
  expect(book.begin(3)?.code).toBe(ErrorCode.INVALID_ARGUMENT);
  expect(book.begin(2)?.code).toBe(ErrorCode.INVALID_ARGUMENT);
  for (let id = 4; id < 67; id++) expect(book.begin(id)).toBeUndefined();
  expect(book.begin(67)).toMatchObject({ code: ErrorCode.RATE_LIMITED, retryable: true });
  book.finish(3);
  expect(book.begin(67)).toBeUndefined();
});
