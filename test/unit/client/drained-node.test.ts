import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { ParleyClient } from '../../../src/client/index.ts';
import { sharedState, startTestServer } from '../../protocol/test-server.ts';

const clients = 12;
const perSecond = 20;
const signalsEach = 120;

test('S7: a node is drained under load: nothing is lost, doubled or out of order, and nobody leaves', async () => {
  const { state, end } = sharedState();
  onTestFinished(end);
  const env = { RECONNECTION_WINDOW_MS: '5000', DRAIN_CLIENTS_PER_SECOND: String(perSecond) };
  const here = await startTestServer({ state, env });
  const there = await startTestServer({ state, env });
  onTestFinished(() => there.close());
  // As behind a balancer: it does not know at first that one of the two refuses.
  let opened = 0;
  let isDraining = false;
  class Balanced extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(isDraining && opened++ % 3 === 0 ? url.replace(here.wsUrl, there.wsUrl) : url, protocols);
    }
  }
  const retry = { firstDelayMs: 10, maxDelayMs: 50 };
  const people = await Promise.all(
    Array.from({ length: clients }, async (_, nth) => {
      const token = () => here.token(`user-${nth}`);
      const client = new ParleyClient({ url: here.wsUrl, token, WebSocket: Balanced, retry });
      onTestFinished(() => client.close());
      await client.connect();
      return { client, room: await client.join('moving'), heard: new Map<string, number[]>() };
    }),
  );
  const untoward: unknown[] = [];
  let left = clients * signalsEach;
  let allHeard = () => {};
  const all = new Promise<void>((resolve) => {
    allHeard = resolve;
  });
  for (const { client, room, heard } of people) {
    client.on('error', (error) => untoward.push(error));
    client.on('resumed', ({ recovered }) => {
      if (!recovered) untoward.push('not recovered');
    });
    room.on('peer_left', (event) => untoward.push(event));
    room.on('reset', (event) => untoward.push(event));
    room.on('signal', ({ from, data }) => {
      const numbers = heard.get(from) ?? [];
      numbers.push(data[0] ?? -1);
      heard.set(from, numbers);
      left -= 1;
      if (left === 0) allHeard();
    });
  }
  isDraining = true;
  const drained = here.drain();
  // To the next in the row, from before the drain until after it.
  const said = people.map(async ({ room }, nth) => {
    const to = people[(nth + 1) % clients]?.room.ownPeerId ?? '';
    const say = (number: number) => room.sendSignal(to, { type: 'n', data: new Uint8Array([number]) });
    for (let first = 0; first < signalsEach; first += 3)
      await Promise.all([say(first), say(first + 1), say(first + 2)]);
  });
  await Promise.all([drained, ...said, all]);
  const numbers = Array.from({ length: signalsEach }, (_, number) => number);
  for (const { heard } of people) expect([...heard.values()]).toEqual([numbers]);
  expect(untoward).toEqual([]);
  await here.close();
  expect(here.logLines.find(({ event }) => event === 'drain.end')).toMatchObject({
    moved: clients,
    closed: 0,
  });
});
