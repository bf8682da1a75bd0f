import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { first as tls } from '../../../protocol/certificates.ts';
import { listeningApi } from './listening-api.ts';

test('X4: a connection that never speaks TLS is ended', async () => {
  const { url } = await listeningApi({ tls, handshakeTimeoutMs: 300 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1').resume();
  await once(socket, 'close');
});

test('X4: one that speaks TLS and then says nothing is told so and ended', async () => {
  const { url } = await listeningApi({ tls, handshakeTimeoutMs: 300 });
  const socket = connectTls({
    port: Number(new URL(url).port),
    host: '127.0.0.1',
    rejectUnauthorized: false,
  });
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
});

test('X4: headers that trickle in and never end are answered 408, however alive the connection is', async () => {
  const { url } = await listeningApi({ handshakeTimeoutMs: 300 });
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /ws HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  const trickle = setInterval(() => socket.write('z'), 20);
  // A byte that is on its way when the server ends the connection is an error here, and no matter.
  socket.on('error', () => undefined);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(trickle);
  expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({
    error: {
      code: 'DEADLINE_EXCEEDED',
      message: 'the request did not come whole in its time',
      retryable: true,
    },
  });
});

test.for([
  ['what is no HTTP', 'hello\r\n\r\n', 400],
  ['headers that are too long', `GET / HTTP/1.1\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
] as const)('X4: %s is answered with a typed error', async ([, sent, status]) => {
  const { url } = await listeningApi({});
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(sent);
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
  await new Promise((resolve) => socket.once('close', resolve));
  expect(Number(answer.split(' ')[1])).toBe(status);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    error: { code: 'INVALID_ARGUMENT', retryable: false },
  });
});
