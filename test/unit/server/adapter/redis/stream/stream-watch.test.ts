import { expect, onTestFinished, test } from 'vitest';
import type { ChannelListener, Redis } from '../../../../../../src/server/adapter/redis/client/redis.ts';
import { streamPlace } from '../../../../../../src/server/adapter/redis/stream/stream-place.ts';
import { StreamWatch } from '../../../../../../src/server/adapter/redis/stream/stream-watch.ts';
import type { Position } from '../../../../../../src/server/port/room-log.ts';
import { FakeClock } from '../../../../../contract/fake-clock.ts';

const place = streamPlace('room:daily');

/** A stream that is followed. `interrupt`: its channel is subscribed again. Gives what is vouched for by that. */
async function setUp() {
  const store = { isAway: false };
  let vouched: Position[] = [];
  const channels: ChannelListener[] = [];
  const redis: Pick<Redis, 'subscribe'> = {
    subscribe(_channel, listener) {
      channels.push(listener);
      return Promise.resolve({ close: () => undefined });
    },
  };
  const watch = new StreamWatch({
    redis: redis as Redis,
    clock: new FakeClock(),
    node: 'node-1',
    look: () => Promise.resolve(undefined),
    vouch(_place, position) {
      vouched.push(position);
      return store.isAway ? Promise.reject(new Error('away')) : Promise.resolve();
    },
  });
  onTestFinished(() => watch.close());
  await watch.subscribe(place, {
    onEntry: () => undefined,
    onPassed: () => undefined,
    onPublished: () => undefined,
    onInterrupted: () => undefined,
  });
  const taken = async () => {
    await Promise.resolve();
    const all = vouched;
    vouched = [];
    return all;
  };
  const interrupt = () => {
    channels[0]?.onInterrupted();
    return taken();
  };
  return { watch, store, taken, interrupt };
}

test('N4: what was acknowledged in an epoch before is vouched for until the store has heard it', async () => {
  const { watch, store, taken, interrupt } = await setUp();
  const [before, after] = [
    { epoch: 1, offset: 5 },
    { epoch: 2, offset: 7 },
  ];
  watch.wrote(place, before);
  store.isAway = true;
  watch.wrote(place, after);
  expect(await taken()).toEqual([before]);
  expect(await interrupt()).toEqual([after, before]);
  store.isAway = false;
  expect(await interrupt()).toEqual([after, before]);
  expect(await interrupt()).toEqual([after]);
});

test('N4: what is acknowledged by a try before counts as acknowledged, and no less than what came after it', async () => {
  const { watch, interrupt } = await setUp();
  watch.wrote(place, { epoch: 1, offset: 5 });
  watch.wrote(place, { epoch: 1, offset: 3 });
  expect(await interrupt()).toEqual([{ epoch: 1, offset: 5 }]);
});
