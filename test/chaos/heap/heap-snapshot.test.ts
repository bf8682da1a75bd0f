import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { expect, onTestFinished, test } from 'vitest';
import { countHeap } from './heap-snapshot.ts';

class Shelf {
  readonly #byName = new Map<string, object>();
  readonly #byNumber = new Map<number, object>();
  readonly #marks = new Set<object>();

  fill(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#byName.set(`name ${index}`, {});
      this.#byNumber.set(index, {});
      this.#marks.add({});
    }
  }

  take(name: string): boolean {
    return this.#byName.delete(name) && this.#byNumber.size > 0 && this.#marks.size > 0;
  }
}

test('a heap snapshot tells how many entries the private Maps and Sets of a class have, without those deleted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-heap-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const shelves = [new Shelf(), new Shelf()];
  for (const shelf of shelves) shelf.fill(50);
  for (let index = 0; index < 7; index++) shelves[0]?.take(`name ${index}`);
  const { objects, collections } = await countHeap(writeHeapSnapshot(join(folder, 'heap.heapsnapshot')));
  expect(objects.get('Shelf')).toBe(shelves.length);
  expect(collections.get('Shelf.#byName')).toBe(93);
  expect(collections.get('Shelf.#byNumber')).toBe(100);
  expect(collections.get('Shelf.#marks')).toBe(100);
});
