import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { type Event, EventSchema } from '../../../../gen/parley/signal/v1/frame_pb.ts';
import { StreamHeadSchema } from '../../../../gen/parley/signal/v1/room_pb.ts';
import type { Position } from '../../../../src/client/stream/stream-cursor.ts';
import { StreamReader } from '../../../../src/client/stream/stream-reader.ts';

const epoch = 7;

/** A reader whose snapshot stands at offset 2, and what it applied and asked for. */
function start() {
  const applied: number[] = [];
  const replays: Position[] = [];
  const errors: unknown[] = [];
  let restarts = 0;
  let failReplay = false;
  const reader = new StreamReader({
    apply: ({ offset }) => applied.push(offset),
    replay: (after) => {
      replays.push(after);
      return failReplay ? Promise.reject(new Error('no')) : Promise.resolve();
    },
    startAgain: () => {
      restarts += 1;
      return Promise.resolve();
    },
    onError: (error) => errors.push(error),
  });
  reader.reset(head({ offset: 2, lastToAll: 2 }));
  return {
    reader,
    applied,
    replays,
    errors,
    restarts: () => restarts,
    failReplays: (fail: boolean) => {
      failReplay = fail;
    },
  };
}

function head(init: { offset: number; lastToAll?: number; lastToReceiver?: number; epoch?: number }) {
  return create(StreamHeadSchema, { epoch, ...init });
}

function toAll(offset: number, previousToAll: number, inEpoch = epoch): Event {
  return create(EventSchema, { stream: 'r', epoch: inEpoch, offset, previous: previousToAll, previousToAll });
}

function toSelf(offset: number, previous: number, previousToAll: number): Event {
  return create(EventSchema, { stream: 'r', epoch, offset, previous, previousToAll, directed: true });
}

test('P3: events are applied in order by both chains, over the places that others got', () => {
  const { reader, applied, replays } = start();
  for (const event of [toAll(3, 2), toSelf(5, 0, 3), toAll(6, 3), toSelf(9, 5, 6)]) reader.take(event);
  expect(applied).toEqual([3, 5, 6, 9]);
  expect(replays).toEqual([]);
  expect(reader.position).toEqual({ epoch, offset: 9 });
});

test('P3: a double is dropped', () => {
  const { reader, applied } = start();
  for (const event of [toAll(2, 1), toAll(3, 2), toAll(3, 2), toSelf(1, 0, 0)]) reader.take(event);
  expect(applied).toEqual([3]);
});

test('P3: at a hole in either chain the stream is asked for again, and later events wait until it is filled', () => {
  const { reader, applied, replays } = start();
  reader.take(toAll(3, 2));
  reader.take(toSelf(6, 4, 3));
  reader.take(toAll(7, 3));
  expect(applied).toEqual([3]);
  expect(replays).toEqual([{ epoch, offset: 3 }]);
  reader.recovered();
  reader.take(toSelf(4, 0, 3));
  expect(applied).toEqual([3, 4, 6, 7]);
  reader.take(toAll(10, 9));
  expect(replays[1]).toEqual({ epoch, offset: 7 });
});

test('what comes behind a hole waits also where its own chain does not show the hole', () => {
  const { reader, applied, replays } = start();
  reader.take(toSelf(5, 4, 2));
  reader.recovered();
  reader.take(toAll(6, 2));
  expect(applied).toEqual([]);
  for (const event of [toSelf(4, 0, 2), toSelf(5, 4, 2), toAll(6, 2)]) reader.take(event);
  expect(applied).toEqual([4, 5, 6]);
  expect(replays).toHaveLength(1);
});

test('a replay that brings the later events again applies each once', () => {
  const { reader, applied, replays } = start();
  reader.take(toAll(4, 3));
  reader.recovered();
  for (const event of [toAll(3, 2), toAll(4, 3), toAll(5, 4)]) reader.take(event);
  expect(applied).toEqual([3, 4, 5]);
  expect(replays).toHaveLength(1);
});

test('a heartbeat moves the position over what others got, but not while there is a hole', () => {
  const { reader, replays } = start();
  reader.delivered({ epoch, offset: 8 });
  expect(reader.position?.offset).toBe(8);
  reader.delivered({ epoch, offset: 5 });
  expect(reader.position).toEqual({ epoch, offset: 8 });
  reader.take(toAll(10, 9));
  reader.delivered({ epoch, offset: 12 });
  expect(reader.position?.offset).toBe(8);
  expect(replays).toHaveLength(1);
});

test('S6: a heartbeat moves the position into the epoch in which the stream goes on, also where nothing came since', () => {
  const { reader, applied, replays } = start();
  reader.delivered({ epoch: 8, offset: 2 });
  expect(reader.position).toEqual({ epoch: 8, offset: 2 });
  reader.take(toAll(3, 2, 8));
  reader.delivered({ epoch: 9, offset: 7 });
  expect(reader.position).toEqual({ epoch: 9, offset: 7 });
  reader.take(toAll(8, 3, 9));
  expect(applied).toEqual([3, 8]);
  expect(replays).toEqual([]);
  // Its chains are checked still.
  reader.take(toAll(10, 9, 9));
  expect(replays).toEqual([{ epoch: 9, offset: 8 }]);
});

test('an event that followed a moved position still has its chain checked', () => {
  const { reader, applied, replays } = start();
  reader.delivered({ epoch, offset: 8 });
  reader.take(toAll(9, 2));
  expect(applied).toEqual([9]);
  reader.take(toAll(11, 10));
  expect(replays).toEqual([{ epoch, offset: 9 }]);
});

test('an event of another epoch is a hole, unless the server went on from the position', () => {
  const { reader, applied, replays } = start();
  reader.take(toAll(3, 2, 8));
  expect(applied).toEqual([]);
  expect(replays).toHaveLength(1);
  reader.recovered();
  expect(applied).toEqual([3]);
  expect(reader.position).toEqual({ epoch: 8, offset: 3 });
  reader.take(toAll(1, 0, 9));
  expect(replays).toHaveLength(2);
});

test('a snapshot takes the place of everything before it, and what was held behind it follows', () => {
  const { reader, applied } = start();
  reader.take(toAll(9, 8));
  reader.take(toAll(10, 9));
  reader.reset(head({ offset: 9, lastToAll: 9 }));
  expect(applied).toEqual([10]);
});

test('a replay that failed is tried again by the next event, and after three the stream starts again', async () => {
  const { reader, replays, restarts, errors, failReplays } = start();
  failReplays(true);
  reader.take(toAll(4, 3));
  await Promise.resolve();
  await Promise.resolve();
  expect(errors).toHaveLength(1);
  reader.take(toAll(5, 4));
  await Promise.resolve();
  await Promise.resolve();
  reader.delivered({ epoch, offset: 5 });
  expect(replays).toHaveLength(3);
  await Promise.resolve();
  await Promise.resolve();
  expect(restarts()).toBe(0);
  reader.take(toAll(6, 5));
  expect(restarts()).toBe(1);
});

test('an event without a place is applied as it comes, also while there is a hole', () => {
  const { reader, applied } = start();
  reader.take(toAll(4, 3));
  reader.take(create(EventSchema, { stream: 'r' }));
  expect(applied).toEqual([0]);
});

test('a stream without a position begins with its first event', () => {
  const { reader, applied, replays } = start();
  reader.forget();
  expect(reader.position).toBeUndefined();
  for (const event of [toSelf(40, 39, 12), toAll(41, 12), toAll(43, 42)]) reader.take(event);
  expect(applied).toEqual([40, 41]);
  expect(replays).toEqual([{ epoch, offset: 41 }]);
});

test('P3: a hole in the chain to all is noticed also right behind a first event that was for this client alone', () => {
  const { reader, applied, replays } = start();
  reader.forget();
  for (const event of [toSelf(40, 39, 12), toAll(42, 41)]) reader.take(event);
  expect(applied).toEqual([40]);
  expect(replays).toEqual([{ epoch, offset: 40 }]);
});

test('S5: what came behind a hole of an epoch that was lost is not waited for after a snapshot of another', () => {
  const { reader, applied, replays } = start();
  reader.take(toAll(5, 4));
  expect(replays).toHaveLength(1);
  reader.reset(head({ offset: 2, lastToAll: 2, epoch: 8 }));
  for (const offset of [3, 4, 5, 6]) reader.take(toAll(offset, offset - 1, 8));
  expect(applied).toEqual([3, 4, 5, 6]);
  expect(replays).toHaveLength(1);
});
