import { expect, test } from 'vitest';
import { CandidateBatcher } from '../../../../src/client/call/candidate-batcher.ts';
import { HeldCandidates, type NumberedBatch } from '../../../../src/client/call/held-candidates.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

function start() {
  const clock = new FakeClock();
  const sent: NumberedBatch[] = [];
  const batcher = new CandidateBatcher(clock, (batch) => sent.push(batch));
  const shape = () =>
    sent.map(({ candidates, endOfCandidates, negotiation }) => [
      candidates.map(({ candidate }) => candidate).join(''),
      endOfCandidates,
      negotiation,
    ]);
  return { clock, batcher, shape, sent };
}

test('P1: candidates of a few milliseconds go in one frame, and their end is said', async () => {
  const { clock, batcher, shape } = start();
  batcher.add({ candidate: 'a' }, 2);
  batcher.add({ candidate: 'b' }, 2);
  expect(shape()).toEqual([]);
  await clock.advance(10);
  batcher.add({ candidate: 'c' }, 2);
  batcher.add({ candidate: '' }, 2);
  batcher.add(null, 2);
  batcher.add(null, 4);
  expect(shape()).toEqual([
    ['ab', false, 2],
    ['c', true, 2],
    ['', true, 4],
  ]);
  expect(clock.pending).toBe(0);
});

test('a frame holds 64 candidates, of one description', () => {
  const { batcher, sent, shape } = start();
  for (let count = 0; count < 65; count += 1) batcher.add({ candidate: 'a' }, 2);
  expect(sent.map(({ candidates }) => candidates.length)).toEqual([64]);
  batcher.add({ candidate: 'b' }, 3);
  expect(shape()[1]).toEqual(['a', false, 2]);
  batcher.close();
});

test('held candidates go with their description; those of an earlier one go away', () => {
  const held = new HeldCandidates();
  for (const negotiation of [1, 3, 5, 3, 0])
    held.add({ candidates: [], endOfCandidates: false, negotiation });
  expect(held.take(3).map(({ negotiation }) => negotiation)).toEqual([3, 3, 0]);
  expect(held.take(5).map(({ negotiation }) => negotiation)).toEqual([5]);
  expect(held.take(9)).toEqual([]);
});
