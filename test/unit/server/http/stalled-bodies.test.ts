import { once } from 'node:events';
import { connect } from 'node:net';
import fastify from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { endStalledBodies } from '../../../../src/server/http/stalled-bodies.ts';
import { systemClock } from '../../../../src/shared/clock.ts';

test('X1: a request whose body does not come is ended after its time, one that came is answered however long that takes', async () => {
  const app = fastify();
  onTestFinished(() => app.close());
  endStalledBodies(app, systemClock, 200);
  app.post('/', () => 'done');
  app.get('/', async () => {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return 'done';
  });
  const address = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const startedMs = performance.now();
  const stalled = connect(Number(address.port), '127.0.0.1');
  stalled.write(
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\nx',
  );
  const whole = fetch(address);
  await once(stalled.resume(), 'close');
  expect(performance.now() - startedMs).toBeGreaterThan(190);
  expect(await (await whole).text()).toBe('done');
});
