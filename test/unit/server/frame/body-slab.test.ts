import { expect, test } from 'vitest';
import { allocateBody } from '../../../../src/server/frame/body-slab.ts';

test('bodies do not overlap', () => {
  const bodies = Array.from({ length: 1000 }, (_, index) => allocateBody(index % 500).fill(index % 251));
  for (const [index, body] of bodies.entries()) {
    expect(body.length).toBe(index % 500);
    expect(body.every((byte) => byte === index % 251)).toBe(true);
  }
});

test('bodies lie apart from the pool of short-lived buffers', () => {
  const pooled = new Set<ArrayBufferLike>();
  for (let count = 0; count < 2000; count++) {
    pooled.add(Buffer.allocUnsafe(100).buffer);
    expect(pooled.has(allocateBody(100).buffer)).toBe(false);
  }
});

test('a large body has its memory for itself', () => {
  expect(allocateBody(4097).buffer.byteLength).toBe(4097);
  expect(allocateBody(4096).buffer.byteLength).toBe(65_536);
});
