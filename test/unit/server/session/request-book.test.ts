import { expect, test } from 'vitest';
import { RequestBook } from '../../../../src/server/session/request-book.ts';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';

function bookWith(...ids: readonly number[]): RequestBook {
  const book = new RequestBook();
  for (const id of ids) expect(book.begin(id, 'relay')).toBeUndefined();
  return book;
}

test('what is answered is acknowledged up to the first request that still waits, and each id is told once', () => {
  const book = bookWith(1, 2, 5, 9);
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
  const book = bookWith(70);
  expect(book.takeAcknowledged()).toBe(69);
  book.finish(70);
  expect(book.takeAcknowledged()).toBe(70);
});

test('an id that does not rise is refused, and the book is full with 64 requests that wait', () => {
  const book = bookWith(3);
  expect(book.begin(3, 'relay')?.code).toBe(ErrorCode.INVALID_ARGUMENT);
  expect(book.pass(2)?.code).toBe(ErrorCode.INVALID_ARGUMENT);
  expect(book.pass(0xffff_ffff)?.code).toBe(ErrorCode.INVALID_ARGUMENT);
  for (let id = 4; id < 66; id++) expect(book.begin(id, 'relay')).toBeUndefined();
  expect(book.isFull).toBe(false);
  expect(book.begin(66, 'relay')).toBeUndefined();
  expect(book.isFull).toBe(true);
  expect(book.finish(3)).toBe(true);
  expect(book.finish(3)).toBe(false);
  expect(book.isFull).toBe(false);
});

test('X2: no acknowledgement passes over a dropped id that is not told yet', () => {
  const book = bookWith(1, 2, 3);
  expect(book.drop(4)).toBe(true);
  expect(book.drop(2)).toBe(true);
  for (const id of [1, 3]) book.finish(id);
  expect(book.begin(7, 'relay')).toBeUndefined();
  book.finish(7);
  expect(book.takeAcknowledged()).toBe(1);
  expect(book.takeAcknowledged()).toBe(0);
  expect(book.takeDropped()).toEqual([4, 2]);
  expect(book.takeAcknowledged()).toBe(7);
  expect(book.takeDropped()).toEqual([]);
});

test('X2: an id that no request can have is not named among the dropped', () => {
  const book = bookWith(5);
  book.finish(5);
  expect([0, 4, 5, 0xffff_ffff].map((id) => book.drop(id))).toEqual([false, false, false, false]);
  expect(book.takeDropped()).toEqual([]);
  expect(book.drop(6)).toBe(true);
  expect(book.drop(6)).toBe(false);
});

test('X1: what waits at five looks in a row has overrun, and nothing else', () => {
  const book = bookWith(1, 2);
  for (let look = 1; look <= 4; look++) expect(book.look()).toEqual([]);
  book.finish(1);
  expect(book.begin(3, 'joinRoom')).toBeUndefined();
  expect(book.look()).toEqual([{ id: 2, kind: 'relay' }]);
  book.finish(2);
  for (let look = 1; look <= 3; look++) expect(book.look()).toEqual([]);
  expect(book.look()).toEqual([{ id: 3, kind: 'joinRoom' }]);
});

test('a success is told by itself when one and the same request before it waits on from one asking to the next', () => {
  const book = bookWith(1, 2, 3, 4);
  const succeed = (id: number) => {
    book.finish(id);
    book.succeeded(id);
  };
  succeed(2);
  expect([book.isHeldUp, book.takeHeldUp()]).toEqual([true, []]);
  succeed(1);
  succeed(4);
  // Another keeps 4 now, and nothing keeps 2.
  expect(book.takeHeldUp()).toEqual([]);
  expect(book.takeHeldUp()).toEqual([4]);
  expect([book.isHeldUp, book.takeHeldUp()]).toEqual([false, []]);
  succeed(3);
  expect([book.isHeldUp, book.takeHeldUp(), book.takeAcknowledged()]).toEqual([false, [], 4]);
});
