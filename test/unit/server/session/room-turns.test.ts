import { expect, test } from 'vitest';
import { RoomTurns } from '../../../../src/server/session/room-turns.ts';

test('turns of one room wait for each other, also after one failed; those of another room do not', async () => {
  const turns = new RoomTurns();
  const order: string[] = [];
  let openGate = () => {};
  const gate = new Promise<void>((resolve) => {
    openGate = resolve;
  });
  const first = turns.take('a', async () => {
    await gate;
    order.push('a1');
    throw new Error('failed');
  });
  const second = turns.take('a', () => Promise.resolve(order.push('a2')));
  await turns.take('b', () => Promise.resolve(order.push('b1')));
  expect(turns.pending('a')).toBeDefined();
  openGate();
  await expect(first).rejects.toThrow('failed');
  await second;
  expect(order).toEqual(['b1', 'a1', 'a2']);
  await Promise.resolve();
  expect(turns.pending('a')).toBeUndefined();
});
