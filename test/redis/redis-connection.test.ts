import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { RedisConnection } from '../../src/server/adapter/redis/client/redis-connection.ts';
import { RedisScript } from '../../src/server/adapter/redis/client/redis-script.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { addressOf } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

const deadlineMs = 400;

async function setUp() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const clock = new FakeClock();
  const access = { tls: false, database: 0 };
  const connection = await RedisConnection.open({ address: addressOf(server), access, clock, deadlineMs });
  onTestFinished(() => connection.close('the test has ended'));
  return { server, clock, connection };
}

test('N4: a process that stood still does not take Redis for lost before it has read what came meanwhile', async () => {
  const { clock, connection } = await setUp();
  const answered = connection.send('PING', []);
  clock.stall(10 * deadlineMs);
  await clock.advance(deadlineMs / 4);
  expect(String(await answered)).toBe('PONG');
});

test('N4: a Redis that answers nothing for as long as the deadline is taken for lost', async () => {
  const { server, clock, connection } = await setUp();
  server.pause();
  onTestFinished(() => server.resume());
  const answered = connection.send('PING', []);
  const failed = expect(answered).rejects.toMatchObject({ kind: 'unknown' });
  await clock.advance(deadlineMs);
  await failed;
});

test('O1: what a connection fails with does not hold the password, though the server repeats it', async () => {
  const server = await RedisServer.start({ config: ['rename-command HELLO ""', 'rename-command AUTH ""'] });
  onTestFinished(() => server.stop());
  const access = { tls: false, database: 0, password: 'a-secret-of-tests' };
  const options = { address: addressOf(server), access, clock: new FakeClock(), deadlineMs };
  const failure: unknown = await RedisConnection.open(options).catch((error: unknown) => error);
  expect(String(failure)).toContain('unknown command');
  expect(String(failure)).not.toContain('secret');
});

test('what is sent within a millisecond after a write waits for the next, and goes in order', async () => {
  const { connection, clock } = await setUp();
  await connection.send('SET', ['key', 'first']);
  const order: string[] = [];
  const answers = [
    connection.send('APPEND', ['key', ', second']).then(() => order.push('second')),
    connection.send('GET', ['key']).then((value) => order.push(String(value))),
  ];
  await setTimeout(50);
  expect(order).toEqual([]);
  await clock.advance(1);
  await Promise.all(answers);
  expect(order).toEqual(['second', 'first, second']);
});

test('what is sent in turns of the event loop that follow each other leaves together', async () => {
  const { connection } = await setUp();
  const answers: Promise<unknown>[] = [];
  for (const value of ['a', 'b', 'c']) {
    answers.push(connection.send('APPEND', ['key', value]));
    await setImmediate();
  }
  // After the first write a second one would wait for the clock.
  expect(await Promise.all(answers)).toEqual([1, 2, 3]);
});

test('scripts that the socket does not take at once arrive as they were sent, whatever is sent after them', async () => {
  const { connection, server, clock } = await setUp();
  const echo = RedisScript.load(import.meta.url, './echo.lua');
  await connection.send('SCRIPT', ['LOAD', echo.source]);
  server.pause();
  const bodies = Array.from({ length: 500 }, (_, index) => Buffer.alloc(30_000 + index, index));
  const answers: Promise<unknown>[] = [];
  for (const [index, body] of bodies.entries()) {
    answers.push(connection.run(echo.callOn(['key']), [body]));
    // What was sent so far is on its way before the next.
    if (index % 5 === 4) await clock.advance(1);
  }
  server.resume();
  const arrived = (await Promise.all(answers)) as Buffer[];
  for (const [index, body] of bodies.entries()) expect(body.equals(arrived[index] as Buffer)).toBe(true);
});
