import { expect, test } from 'vitest';
import { TokenBucket } from '../../../../src/server/session/token-bucket.ts';

const rate = { perSecond: 100, burst: 10 };

test('X2: a bucket gives its burst at once, and then what time brings', () => {
  const bucket = new TokenBucket(rate, 1_000);
  for (let taken = 0; taken < 10; taken++) expect(bucket.take(1, 1_000)).toBe(true);
  expect(bucket.take(1, 1_000)).toBe(false);
  expect(bucket.waitMs(1, 1_000)).toBe(10);
  expect(bucket.take(1, 1_009)).toBe(false);
  expect(bucket.take(1, 1_010)).toBe(true);
  expect(bucket.take(1, 1_010)).toBe(false);
});

test('X2: a quiet time brings no more than the burst', () => {
  const bucket = new TokenBucket(rate, 0);
  expect(bucket.take(10, 60_000)).toBe(true);
  expect(bucket.isFull(60_050)).toBe(false);
  expect(bucket.take(6, 60_050)).toBe(false);
  expect(bucket.isFull(60_100)).toBe(true);
});

test('X2: what costs more than the burst passes when the bucket is full, and empties it', () => {
  const bucket = new TokenBucket(rate, 0);
  expect(bucket.take(1, 0)).toBe(true);
  expect(bucket.take(5_000, 0)).toBe(false);
  expect(bucket.waitMs(5_000, 0)).toBe(10);
  expect(bucket.take(5_000, 10)).toBe(true);
  expect(bucket.take(1, 10)).toBe(false);
});

test('X2: a time that was read earlier neither fills nor empties a bucket', () => {
  const bucket = new TokenBucket(rate, 1_000);
  expect(bucket.take(10, 1_000)).toBe(true);
  expect(bucket.take(1, 0)).toBe(false);
  expect(bucket.take(1, 1_010)).toBe(true);
});
