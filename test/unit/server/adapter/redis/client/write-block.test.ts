import { expect, test } from 'vitest';
import { WriteBlock } from '../../../../../../src/server/adapter/redis/client/write-block.ts';

/** Filled with a number each, so that one that is written over shows. */
function filled(block: WriteBlock, lengths: readonly number[]): Buffer[] {
  return lengths.map((length, index) => block.allocate(length).fill(index));
}

test('what it gave stays as it was written while more is asked for, beyond one block and larger than one', () => {
  const lengths = Array.from({ length: 200 }, (_, index) => (index % 50 === 49 ? 70_000 : 1_000 + index));
  for (const [index, bytes] of filled(new WriteBlock(), lengths).entries())
    expect(bytes).toEqual(Buffer.alloc(lengths[index] ?? 0, index));
});

test('the same memory is given again when it may be', () => {
  const block = new WriteBlock();
  const first = block.allocate(1_000);
  block.reuse();
  const second = block.allocate(1_000);
  expect(second.buffer).toBe(first.buffer);
  expect(second.byteOffset).toBe(first.byteOffset);
});
