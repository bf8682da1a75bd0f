import { expect, test } from 'vitest';
import { NewcomerPace } from '../../../../src/server/socket/newcomer-pace.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';

/** A pace whose turns end when told to, after so many milliseconds. */
function paced() {
  const clock = new FakeClock();
  const ends: (() => void)[] = [];
  const restTimes = { least: 4, first: 16, most: 32 };
  const pace = new NewcomerPace({ clock, restTimes, afterTurn: (callback) => ends.push(callback) });
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

/** Rests become shorter by a quarter of a turn. */
const stepMs = 0.25;

/** Turns that take so long, and how long nobody was taken in after each, as a multiple of it. */
async function restsAfter({ clock, taken, endTurn }: ReturnType<typeof paced>, turns: readonly number[]) {
  const rests: number[] = [];
  for (const tookMs of turns) {
    const before = taken.length;
    await endTurn(tookMs);
    let restMs = 0;
    for (; taken.length === before; restMs += stepMs) await clock.advance(stepMs);
    rests.push(restMs / tookMs);
  }
  return rests;
}

test('X4: of many who come at once, more are taken in in each turn while turns are short, in the order in which they came', async () => {
  const line = paced();
  const { pace, taken, enter } = line;
  enter(100);
  const perTurn: number[] = [];
  for (let turn = 0; turn < 10; turn++) {
    const before = taken.length;
    await restsAfter(line, [1]);
    perTurn.push(taken.length - before);
  }
  expect(perTurn).toEqual([2, 3, 4, 5, 6, 7, 8, 8, 8, 8]);
  expect(taken).toEqual(Array.from(taken.keys()));
  expect(pace.waiting).toBe(100 - taken.length);
});

test('X4: the time without newcomers is long at first, and becomes shorter while the loop answers in time', async () => {
  const line = paced();
  line.enter(600);
  const rests = await restsAfter(
    line,
    Array.from({ length: 60 }, () => 1),
  );
  expect(rests[0]).toBe(16);
  expect(rests[24]).toBe(10);
  expect(rests.at(-1)).toBe(4);
});

test('X4: it becomes longer where the loop is late, and is as at first for those who come after a quiet second', async () => {
  const line = paced();
  const { clock, endTurn, enter, pace } = line;
  const endLate = async () => {
    await endTurn(1);
    clock.stall(50);
    await clock.advance(0);
  };
  enter(60);
  await endLate();
  expect(await restsAfter(line, [1])).toEqual([24]);
  for (let turn = 0; turn < 3; turn++) await endLate();
  expect(await restsAfter(line, [1])).toEqual([32]);
  while (pace.waiting > 0) await endLate();
  await endTurn(1);
  await clock.advance(1_100);
  enter(10);
  expect(await restsAfter(line, [1])).toEqual([16]);
});

test('X4: after a turn that took long it is four times as long, or 40 ms', async () => {
  const line = paced();
  line.enter(100);
  expect(await restsAfter(line, [4, 10, 20])).toEqual([10, 4, 4]);
});

test('X4: after long turns fewer are taken in, one at least', async () => {
  const line = paced();
  const { taken, enter } = line;
  enter(200);
  await restsAfter(
    line,
    Array.from({ length: 10 }, () => 1),
  );
  const perTurn: number[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const before = taken.length;
    await restsAfter(line, [20]);
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
