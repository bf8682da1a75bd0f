import { expect, test } from 'vitest';
import { type Held, type Sample, Samples } from './samples.ts';

const steady: Sample = { heap_bytes: 4e7, rss_bytes: 2e8, handles: 300, timers: 600, redis_keys: 900 };

function sampled(at: (index: number) => Partial<Sample>): Samples {
  const samples = new Samples();
  for (let index = 0; index < 60; index++) samples.add({ ...steady, ...at(index) });
  return samples;
}

test('what swings and does not grow is steady, whatever the warm-up was', () => {
  const heapAt = (index: number) => (index < 12 ? 2e7 + index * 1e6 : 4e7 + (index % 5) * 1e6);
  expect(sampled((index) => ({ heap_bytes: heapAt(index), timers: 560 + (index % 9) * 10 })).grown).toEqual(
    [],
  );
});

test.for(Object.keys(steady) as Held[])('%s that grow slowly are found', (held) => {
  const { grown } = sampled((index) => ({ [held]: steady[held] * (1 + index / 150) }));
  expect(grown).toEqual([expect.stringMatching(new RegExp(`^${held}: `))]);
});
