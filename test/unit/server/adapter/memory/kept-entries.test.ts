import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Block, EntryBlocks } from '../../../../../src/server/adapter/memory/entry-blocks.ts';
import { KeptEntries } from '../../../../../src/server/adapter/memory/kept-entries.ts';
import type { Entry } from '../../../../../src/server/port/room-log.ts';

function entryOf(offset: number, length: number): Entry {
  return {
    position: { epoch: 7, offset },
    route: offset % 5 === 0 ? 0 : 0xffff_fff0 + (offset % 5),
    previous: offset - 1,
    previousToAll: offset >> 1,
    body: Buffer.alloc(length, offset % 251),
  };
}

const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ append: fc.oneof(fc.nat(300), fc.nat(5_000), fc.nat(70_000)) }) },
    { weight: 2, arbitrary: fc.record({ drop: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ readAfter: fc.nat(60), maxBytes: fc.nat(20_000) }) },
  ),
  { maxLength: 120 },
);

test('what is kept is read as it was appended, whatever was dropped before', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const kept = new KeptEntries(new EntryBlocks());
      const model: Entry[] = [];
      let dropped = 0;
      for (const step of sequence) {
        if ('append' in step) {
          const entry = entryOf(dropped + model.length + 1, step.append);
          kept.append(entry);
          model.push(entry);
        } else if ('drop' in step) {
          const through = dropped + Math.min(step.drop, model.length);
          kept.dropThrough(dropped + step.drop);
          model.splice(0, through - dropped);
          dropped = through;
        } else {
          const skip = Math.min(step.readAfter, model.length);
          const expected: Entry[] = [];
          let bytes = 0;
          for (const entry of model.slice(skip)) {
            bytes += entry.body.length;
            if (bytes > step.maxBytes && expected.length > 0) break;
            expected.push(entry);
          }
          expect(kept.read(7, dropped + skip, step.maxBytes)).toEqual(expected);
        }
        expect(kept.reachesBackTo).toBe(dropped);
        expect(kept.count).toBe(model.length);
        expect(kept.bytes).toBe(model.reduce((sum, { body }) => sum + body.length, 0));
      }
    }),
    { numRuns: 300 },
  );
});

/** Notes which large blocks were taken. */
class NotedBlocks extends EntryBlocks {
  readonly taken = new Set<ArrayBufferLike>();

  override take(bytes: number, after: number): Block {
    const block = super.take(bytes, after);
    if (block.bodies.length === 65_536) this.taken.add(block.bodies.buffer);
    return block;
  }
}

test('what was read stays as it was when its place is used anew', () => {
  const memory = new NotedBlocks();
  const kept = new KeptEntries(memory);
  // Each fills a block, from the second on a large one.
  for (const offset of [1, 2, 3]) kept.append(entryOf(offset, 40_000));
  const read = kept.read(7, 1, 40_000);
  kept.dropThrough(2);
  kept.append(entryOf(4, 40_000));
  expect(memory.taken.size).toBe(2);
  expect(read).toEqual([entryOf(2, 40_000)]);
});

test('streams that come and go use the same memory again', () => {
  const memory = new NotedBlocks();
  for (let stream = 0; stream < 50; stream++) {
    const kept = new KeptEntries(memory);
    for (let offset = 1; offset <= 400; offset++) kept.append(entryOf(offset, 1_000));
    expect(kept.read(7, 0, 1e9)).toHaveLength(400);
    kept.dropThrough(400);
  }
  expect(memory.taken.size).toBeGreaterThan(2);
  expect(memory.taken.size).toBeLessThan(8);
});
