import { expect, test } from 'vitest';
import { leftBehind } from './left-behind.ts';
import { fewest, type Residue } from './residue.ts';

const nothing: Residue = {
  gauges: { ws_connections_gauge: 0 },
  resources: { TCPServerWrap: 1 },
  listeners: { 'server 0 upgrade': 1 },
  heapBytes: 40e6,
  objects: new Map([['Timeout', 3]]),
  collections: new Map([['Sessions.#live', 0]]),
};
const known = { own: new Set(['Sessions', 'Session', 'RateLimits']), rooms: 10, users: 20, underway: 0 };

const found = (after: Partial<Residue>, baseline: Partial<Residue> = {}) =>
  leftBehind(
    { fresh: nothing, baseline: { ...nothing, ...baseline }, after: { ...nothing, ...after } },
    known,
  );

test('a server that is as it was has nothing left behind', () => {
  expect(found({})).toEqual([]);
  expect(found({ heapBytes: 43e6 })).toEqual([]);
  // What the rates of rooms and the caches of libraries may keep.
  const kept = new Map([
    ['RateLimits.#rooms', 10],
    ['Cache.#entries', 30],
  ]);
  expect(found({ collections: kept }, { collections: kept })).toEqual([]);
});

test.for([
  ['a gauge', { gauges: { ws_connections_gauge: 1 } }],
  ['a timer or socket', { resources: { TCPServerWrap: 1, Timeout: 1 } }],
  ['a listener', { listeners: { 'server 0 upgrade': 2 } }],
  ['an entry of a map of our own', { collections: new Map([['Sessions.#live', 1]]) }],
  ['rates of more rooms than there are', { collections: new Map([['RateLimits.#rooms', 11]]) }],
  ['an object of our own', { objects: new Map([['Session', 1]]) }],
  ['timers that were not cleared', { objects: new Map([['Timeout', 7]]) }],
  ['heap', { heapBytes: 45e6 }],
] as const)('%s is found', ([, after]) => {
  expect(found(after)).toHaveLength(1);
});

test('what is under way at one look and not at the next is not left, and what is there at each is', () => {
  const looks = [
    { TCPSocketWrap: 3, Immediate: 1 },
    { TCPSocketWrap: 2, Timeout: 1 },
  ] as const;
  expect(fewest(...looks)).toEqual({ TCPSocketWrap: 2 });
});
