import { expect, test } from 'vitest';
import { NewcomerPace } from '../../../../src/server/socket/newcomer-pace.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

/** A pace whose turns end when told to, after so many milliseconds. */
function paced() {
  const clock = new FakeClock();
  const ends: (() => void)[] = [];
  const pace = new NewcomerPace({ clock, afterTurn: (callback) => ends.push(callback) });
  const taken: number[] = [];
  const enter = (count: number) => {
    const from = taken.length + pace.waiting;
    for (let who = from; who < from + count; who++) pace.enter(() => taken.push(who));
  };
  const endTurn = async (tookMs: number) => {
    clock.stall(tookMs);
    ends.shift()?.();
    await clock.advance(0);
  };
  return { clock, pace, taken, enter, endTurn };
}

test('who comes alone is taken in at once', () => {
  const { taken, enter } = paced();
  enter(1);
  expect(taken).toEqual([0]);
});

test('X4: of many who come at once, more are taken in in each turn while turns are short, and nobody for four times as long as a turn took', async () => {
  const { clock, pace, taken, enter, endTurn } = paced();
  enter(100);
  const perTurn: number[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const before = taken.length;
    await endTurn(4);
    await clock.advance(15);
    expect(taken.length).toBe(before);
    await clock.advance(1);
    perTurn.push(taken.length - before);
  }
  expect(perTurn).toEqual([2, 3, 4, 5, 6, 7, 8, 8, 8, 8]);
  expect(taken).toEqual(Array.from(taken.keys()));
  expect(pace.waiting).toBe(100 - taken.length);
});

test('X4: after long turns fewer are taken in, one at least', async () => {
  const { clock, taken, enter, endTurn } = paced();
  enter(100);
  for (let turn = 0; turn < 10; turn++) {
    await endTurn(1);
    await clock.advance(4);
  }
  const perTurn: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const before = taken.length;
    await endTurn(20);
    await clock.advance(79);
    expect(taken.length).toBe(before);
    await clock.advance(1);
    perTurn.push(taken.length - before);
  }
  expect(perTurn).toEqual([4, 2, 1, 1, 1]);
});

test('who has left is not taken in, and at its end all who wait are', async () => {
  const { clock, pace, taken, enter, endTurn } = paced();
  enter(1);
  const gone = () => taken.push(-1);
  pace.enter(gone);
  pace.enter(() => taken.push(1));
  pace.leave(gone);
  pace.stop();
  expect(taken).toEqual([0, 1]);
  expect(pace.waiting).toBe(0);
  await endTurn(1);
  await clock.advance(10);
  expect(taken).toEqual([0, 1]);
});
