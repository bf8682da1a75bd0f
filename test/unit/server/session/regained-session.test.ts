import { expect, test } from 'vitest';
import { unimplementedHandlers } from '../../../../src/server/feature/unimplemented/unimplemented-feature.ts';
import { Dispatcher } from '../../../../src/server/session/dispatcher.ts';
import type { Handlers } from '../../../../src/server/session/handler.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { uncounted } from '../../uncounted.ts';
import { adas, frameOf, loneSession } from './expiring-sessions.ts';

/** A session whose requests meet a log that knows a higher gen of it; before they are told so, `meanwhile` happens. */
function setUp(meanwhile: (regained: (gen: number) => void) => void) {
  const clock = new FakeClock();
  const { session, told } = loneSession(clock, adas());
  const handlers = {
    ...unimplementedHandlers,
    getRoom: async () => {
      await Promise.resolve();
      meanwhile((gen) => session.regained(gen));
      throw new SignalError(ErrorCode.STALE_SESSION, 'a higher gen was here');
    },
  } as unknown as Handlers;
  const options = { maxFrameBytes: 1_000_000, requestTimeoutMs: 60_000, clock, metrics: uncounted };
  const dispatcher = new Dispatcher({ handlers, ...options });
  dispatcher.dispatch(session, frameOf(1, { case: 'getRoom', value: { roomId: 'daily' } as never }));
  return { told, stop: () => dispatcher.stop() };
}

test('N4: a request that its own session overtook, as it was put back, had no effect and may be sent again', async () => {
  const { told, stop } = setUp((regained) => regained(65_537));
  await expect.poll(() => told).toEqual([`1 error ${ErrorCode.UNAVAILABLE}`]);
  stop();
});

test('a request of a session that is attached elsewhere ends its connection', async () => {
  const { told, stop } = setUp(() => undefined);
  await expect.poll(() => told).toEqual(['close 4003']);
  stop();
});
