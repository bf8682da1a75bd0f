import { expect, test } from 'vitest';
import { Samples } from './samples.ts';

function sampled(heapOf: (index: number) => number): Samples {
  const samples = new Samples();
  for (let index = 0; index < 60; index++)
    samples.add({ heap_bytes: heapOf(index), rss_bytes: 2e8, handles: 300, redis_keys: 900 });
  return samples;
}

test('what swings and does not grow is steady, whatever the warm-up was', () => {
  expect(sampled((index) => (index < 12 ? 2e7 + index * 1e6 : 4e7 + (index % 5) * 1e6)).grown).toEqual([]);
});

test('what grows slowly is found', () => {
  const { grown } = sampled((index) => 4e7 + index * 2e5);
  expect(grown).toEqual([expect.stringMatching(/^heap_bytes: /)]);
});
