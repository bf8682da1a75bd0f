import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { HelloSchema } from '../../../../gen/parley/signal/v1/session_pb.ts';
import { MemorySessionStore } from '../../../../src/server/adapter/memory/memory-session-store.ts';
import { Sessions } from '../../../../src/server/session/sessions.ts';
import { ErrorCode, SignalError } from '../../../../src/shared/signal-error.ts';
import { FakeClock } from '../../../contract/fake-clock.ts';
import { quietLog } from '../../quiet-log.ts';
import { adas, ToldWire } from './expiring-sessions.ts';
import { usualSessions } from './usual-options.ts';

/** Signs Ada in twice, the second time in place of the first; what was logged as a failure where that one can't be finished. */
async function failuresOf(error: Error): Promise<unknown[]> {
  const clock = new FakeClock();
  const store = new MemorySessionStore({ clock, endedKeepMs: 5_000 });
  const failures: unknown[] = [];
  const sessions = new Sessions({
    ...usualSessions(store, clock),
    ender: { finish: () => Promise.reject(error) },
    log: { ...quietLog, error: (_: string, thrown: unknown) => void failures.push(thrown) },
  });
  const identity = { ...adas(), sessionPolicy: 'replace' } as const;
  for (const wire of [new ToldWire(), new ToldWire()])
    await sessions.signIn({ identity, hello: create(HelloSchema), wire });
  await new Promise(setImmediate);
  sessions.stop();
  return failures;
}

test('a replaced session that can not be finished while the store is away is left to the reaper, and is no failure', async () => {
  expect(await failuresOf(new SignalError(ErrorCode.UNAVAILABLE, 'out of reach'))).toEqual([]);
  const broken = new Error('on purpose');
  expect(await failuresOf(broken)).toEqual([broken]);
});
