import { beforeEach, expect, test } from 'vitest';
import { DeadNodes } from '../../../../src/server/liveness/dead-nodes.ts';

let dead: DeadNodes;
beforeEach(() => {
  dead = new DeadNodes({ leaseMs: 3_000, maxGapMs: 1_500 });
});

/** Reads one node's counter every half second, from one time to another, each answered at once. */
function readSteadily(fromMs: number, toMs: number, counter: (atMs: number) => number, lineage = 'x') {
  for (let atMs = fromMs; atMs <= toMs; atMs += 500) saw(atMs, counter(atMs), lineage);
}

function saw(askedMs: number, counter: number, lineage = 'x', answeredMs = askedMs) {
  dead.saw(new Map([['a', { counter, lineage }]]), askedMs, answeredMs);
}

const rising = (atMs: number) => Math.floor(atMs / 1_000);

/** Alive and well known at 10 s, and silent from then on. */
function silentFrom10s() {
  readSteadily(0, 10_000, rising);
}

test('N3: a node is dead when its counter stood still for the lease, and not before', () => {
  silentFrom10s();
  readSteadily(10_500, 12_500, () => 10);
  expect(dead.all).toEqual([]);
  saw(13_000, 10);
  expect(dead.all).toEqual(['a']);
  expect(dead.counterOf('a')).toBe(10);
});

test('a sign of life ends it', () => {
  silentFrom10s();
  readSteadily(10_500, 13_000, () => 10);
  saw(13_500, 11);
  expect(dead.all).toEqual([]);
  expect(dead.counterOf('a')).toBeUndefined();
});

test('a counter that is lower than it was is a sign of life too', () => {
  silentFrom10s();
  readSteadily(10_500, 12_500, () => 10);
  saw(13_000, 1);
  readSteadily(13_500, 15_500, () => 1);
  expect(dead.all).toEqual([]);
});

test('a read that failed starts the count again, with a grace', () => {
  silentFrom10s();
  readSteadily(10_500, 12_500, () => 10);
  dead.failed();
  readSteadily(13_000, 18_500, () => 10);
  expect(dead.all).toEqual([]);
  saw(19_000, 10);
  expect(dead.all).toEqual(['a']);
});

test('who is dead when a read fails is so no more', () => {
  silentFrom10s();
  readSteadily(10_500, 13_000, () => 10);
  dead.failed();
  expect(dead.all).toEqual([]);
});

test('a failover starts the count again, with a grace', () => {
  silentFrom10s();
  readSteadily(10_500, 12_500, () => 10);
  readSteadily(13_000, 18_500, () => 10, 'y');
  expect(dead.all).toEqual([]);
  saw(19_000, 10, 'y');
  expect(dead.all).toEqual(['a']);
});

test('a reader that stood still itself starts the count again', () => {
  silentFrom10s();
  saw(20_000, 10);
  readSteadily(20_500, 25_500, () => 10);
  expect(dead.all).toEqual([]);
  saw(26_000, 10);
  expect(dead.all).toEqual(['a']);
});

test('a read that took long is none to count on', () => {
  silentFrom10s();
  readSteadily(10_500, 11_500, () => 10);
  saw(12_000, 10, 'x', 13_500);
  saw(14_000, 10);
  expect(dead.all).toEqual([]);
});

test('what a reader that has just begun finds has as long as after an outage', () => {
  readSteadily(0, 5_500, () => 7);
  expect(dead.all).toEqual([]);
  saw(6_000, 7);
  expect(dead.all).toEqual(['a']);
});

test('a node that is not registered any more is not dead', () => {
  silentFrom10s();
  readSteadily(10_500, 13_000, () => 10);
  dead.saw(new Map(), 13_500, 13_500);
  expect(dead.all).toEqual([]);
  saw(14_000, 10);
  expect(dead.all).toEqual([]);
});
