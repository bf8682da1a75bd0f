import { expect, test } from 'vitest';
import type { ParleyClient } from '../../../src/client/index.ts';
import { connectLossy, startServer } from './real-server.ts';

const rounds = 12;
const signalsPerRound = 25;

test('S5, P3: what two clients say arrives once and in order, while their connections are lost again and again', async () => {
  const server = await startServer({ RECONNECTION_WINDOW_MS: '10000' });
  const options = { retry: { firstDelayMs: 5, maxDelayMs: 20 } };
  const { client: ann, lose: loseAnn } = await connectLossy(server, 'ann', options);
  const { client: bob, lose: loseBob } = await connectLossy(server, 'bob', options);
  const [room, other] = [await ann.join('room-1'), await bob.join('room-1')];
  const heard: number[] = [];
  const heardBack: number[] = [];
  other.on('signal', ({ data }) => heard.push(numberIn(data)));
  room.on('signal', ({ data }) => heardBack.push(numberIn(data)));
  const resets: unknown[] = [];
  for (const each of [room, other]) each.on('reset', (reset) => resets.push(reset));

  const sent: Promise<void>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (let index = 0; index < signalsPerRound; index += 1) {
      const data = bytesOf(round * signalsPerRound + index);
      sent.push(room.sendSignal(other.ownPeerId, { type: 'n', data }));
      sent.push(other.sendSignal(room.ownPeerId, { type: 'n', data }));
      // Somewhere in the round, with some on the wire, some in the server and some on the way back.
      if (index === round) loseAnn();
      if (index === signalsPerRound - round - 1) loseBob();
      await new Promise(setImmediate);
    }
    await Promise.all([connected(ann), connected(bob)]);
  }
  await Promise.all(sent);
  const all = Array.from({ length: rounds * signalsPerRound }, (_, index) => index);
  await until(() => heard.length >= all.length && heardBack.length >= all.length);
  expect(heard).toEqual(all);
  expect(heardBack).toEqual(all);
  expect(resets).toEqual([]);
});

async function connected(client: ParleyClient): Promise<void> {
  if (client.state === 'connected') return;
  await new Promise((resolve) => client.on('resumed', resolve));
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

function bytesOf(number: number): Uint8Array {
  return new Uint8Array([number >> 8, number & 0xff]);
}

function numberIn(bytes: Uint8Array): number {
  return (bytes[0] ?? 0) * 256 + (bytes[1] ?? 0);
}
