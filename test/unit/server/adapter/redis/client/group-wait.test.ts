import { expect, test } from 'vitest';
import { GroupWait } from '../../../../../../src/server/adapter/redis/client/group-wait.ts';
import { packedArguments } from '../../../../../../src/server/adapter/redis/client/packed-arguments.ts';
import type { RedisReply } from '../../../../../../src/server/adapter/redis/client/redis.ts';
import { RedisFault } from '../../../../../../src/server/adapter/redis/client/redis-fault.ts';

const call = packedArguments(['evalsha']);
const turn = () => new Promise(setImmediate);

/** A connection that answers scripts at once, and each WAIT when told to; what was sent, in order. */
function setUp(script: (name: string) => Promise<RedisReply> = () => Promise.resolve(1)) {
  const sent: string[] = [];
  const waits: { resolve: (replicas: number) => void; reject: (error: unknown) => void }[] = [];
  const connection = {
    run: (_: unknown, [name]: readonly unknown[]) => {
      sent.push(String(name));
      return script(String(name));
    },
    send: (name: string, args: readonly unknown[]) => {
      sent.push([name, ...args].join(' '));
      return new Promise<RedisReply>((resolve, reject) => void waits.push({ resolve, reject }));
    },
  };
  const done: string[] = [];
  const group = new GroupWait(connection, 250);
  const run = async (name: string) => {
    await group.run(call, [name]);
    done.push(name);
  };
  return { run, sent, waits, done };
}

test('what is sent in one turn waits together, and what is sent while that waits by the next WAIT, one at a time', async () => {
  const { run, sent, waits, done } = setUp();
  const outcomes = [run('a'), run('b')];
  await turn();
  for (const name of ['c', 'd', 'e']) {
    outcomes.push(run(name));
    await turn();
  }
  expect(sent).toEqual(['a', 'b', 'WAIT 1 250', 'c', 'd', 'e']);
  expect(done).toEqual([]);
  waits[0]?.resolve(1);
  await turn();
  expect(done).toEqual(['a', 'b']);
  // It goes along with the WAIT that is about to be sent.
  outcomes.push(run('f'));
  await turn();
  expect(sent.slice(6)).toEqual(['f', 'WAIT 1 250']);
  waits[1]?.resolve(2);
  await Promise.all(outcomes);
  expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  await turn();
  expect(waits).toHaveLength(2);
});

test('without a replica, and whatever WAIT fails with, the outcome is unknown, and the next WAIT is a matter of its own', async () => {
  const { run, waits } = setUp();
  const failures = [
    (wait: (typeof waits)[0]) => wait.resolve(0),
    (wait: (typeof waits)[0]) => wait.reject(RedisFault.ofReply(new Error('UNBLOCKED force unblock'))),
    (wait: (typeof waits)[0]) => wait.reject(new RedisFault('not-sent', 'the connection is closed')),
  ];
  for (const [index, fail] of failures.entries()) {
    const outcome = expect(run(`${index}`)).rejects.toMatchObject({ kind: 'unknown' });
    await turn();
    const next = run(`after ${index}`);
    const [wait] = waits.splice(0);
    if (wait !== undefined) fail(wait);
    await outcome;
    await turn();
    await turn();
    waits.splice(0)[0]?.resolve(1);
    await next;
  }
});

test('a script that was not carried out is told so at once, though what was sent with it still waits', async () => {
  const fault = new RedisFault('no-script', 'NOSCRIPT');
  const { run, waits, done } = setUp((name) => (name === 'a' ? Promise.reject(fault) : Promise.resolve(1)));
  const other = run('b');
  await expect(run('a')).rejects.toBe(fault);
  await turn();
  expect(done).toEqual([]);
  waits[0]?.resolve(1);
  await other;
});
