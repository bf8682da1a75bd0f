import { expect, onTestFinished, test } from 'vitest';
import type { RedisClient } from '../../src/server/adapter/redis/client/redis-client.ts';
import { RedisSessionStore } from '../../src/server/adapter/redis/session/redis-session-store.ts';
import { ErrorCode, SignalError } from '../../src/shared/signal-error.ts';
import { addressOf, connectTo } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

const windowMs = 300;
const session = { userId: 'ada', sessionId: 's1', secretHash: 'hash', node: 'a', windowMs };

/** A store whose calls may lose their answers: what they ask is carried out all the same. */
async function setUp() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const client = connectTo({ kind: 'server', address: addressOf(server) });
  onTestFinished(() => client.close());
  let isLosing = false;
  let isRefusing = false;
  const redis = Object.assign(Object.create(client) as RedisClient, {
    async run(...call: Parameters<RedisClient['run']>) {
      const reply = isRefusing && isLosing ? null : await client.run(...call);
      const [, [key]] = call;
      if (isLosing && key.startsWith('user:'))
        throw new SignalError(ErrorCode.UNAVAILABLE, 'the answer was lost');
      return reply;
    },
  });
  const store = new RedisSessionStore({ redis, endedKeepMs: 1_000 });
  const losing = async (call: () => Promise<unknown>) => {
    isLosing = true;
    await expect(call()).rejects.toMatchObject({ code: ErrorCode.UNAVAILABLE });
    isLosing = false;
  };
  const due = async () => (await store.due('a', 10)).map(({ sessionId }) => sessionId);
  const phase = async () => {
    const json = String(await server.call('HGET', 'user:{ada}:sessions', 's1'));
    return (JSON.parse(json) as { readonly phase: string }).phase;
  };
  /** What loses its answer is not carried out, from now on. */
  const refuse = () => {
    isRefusing = true;
  };
  return { store, losing, due, phase, refuse };
}

test('N3: a session whose opening was carried out and not answered ends with its window', async () => {
  const { store, losing, due } = await setUp();
  await losing(() => store.open({ ...session, policy: 'multiple' }));
  expect(await due()).toEqual([]);
  await expect.poll(due).toEqual(['s1']);
  expect(await store.end(session, 1, 'lost')).toMatchObject({ ended: 'lost' });
});

test('N3: a session that was attached without an answer ends with its window, unless its client comes back', async () => {
  const { store, losing, due, phase } = await setUp();
  await store.open({ ...session, policy: 'multiple' });
  await losing(() => store.attach({ ...session, attempt: 1 }));
  await due();
  expect(await phase()).toBe('detached');
  await expect.poll(due).toEqual(['s1']);

  await losing(() => store.attach({ ...session, attempt: 2 }));
  await store.attach({ ...session, attempt: 3 });
  await due();
  expect(await phase()).toBe('attached');
  expect(await due()).toEqual([]);
});

test('a session that has its connection on the node keeps it where another call to take it was not carried out', async () => {
  const { store, losing, due, phase, refuse } = await setUp();
  await store.open({ ...session, policy: 'multiple' });
  refuse();
  await losing(() => store.attach({ ...session, attempt: 1 }));
  await due();
  expect(await phase()).toBe('attached');
});
