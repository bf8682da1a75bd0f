import { expect, test } from 'vitest';
import { ErrorCode } from '../../../src/shared/signal-error.ts';
import { connect, startServer } from './real-server.ts';

test('X2: what a real server drops rejects as retryable with the time to wait, the rest arrives, and one event warns', async () => {
  const server = await startServer({ CONNECTION_BURST: '64', CONNECTION_RATE: '20' });
  const [ann, bob] = [await connect(server, 'ann'), await connect(server, 'bob')];
  const [room, other] = [await ann.join('room-1'), await bob.join('room-1')];
  const heard: number[] = [];
  other.on('signal', ({ data }) => heard.push(data[0] ?? -1));
  const warned: number[] = [];
  ann.on('warning', ({ ids }) => warned.push(...ids));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 120 }, (_, number) =>
      room.sendSignal(other.ownPeerId, { type: 'n', data: Uint8Array.of(number) }),
    ),
  );
  const passed = outcomes.flatMap(({ status }, number) => (status === 'fulfilled' ? [number] : []));
  await expect.poll(() => heard).toEqual(passed);
  expect(passed.length).toBeGreaterThan(40);
  expect(passed.length).toBeLessThan(120);
  expect(warned).toHaveLength(120 - passed.length);
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of refused)
    expect(reason).toMatchObject({ code: ErrorCode.RATE_LIMITED, retryable: true });
  expect(refused.every(({ reason }) => (reason as { retryAfterMs: number }).retryAfterMs >= 100)).toBe(true);
});
