import { expect, test } from 'vitest';
import { ErrorCode } from '../../../../src/shared/signal-error.ts';
import { exchange, listeningApi } from './listening-api.ts';

test('R6: GET /health tells strangers that the node answers, what it is and how its parts run', async () => {
  let media = 'mediasoup';
  const { url } = await listeningApi({ partModes: () => ({ state: 'memory', media }) });
  const response = await fetch(`${url}/health`);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const parts = { state: 'memory', media: 'mediasoup' };
  expect(await response.json()).toEqual({ status: 'ok', version: '1.2.3', node: 'node-a', parts });
  media = 'p2p only';
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ parts: { media: 'p2p only' } });
  expect((await fetch(`${url}/health`, { method: 'HEAD' })).status).toBe(200);
});

test('R6: pages of the listed origins may call with credentials, others may not', async () => {
  const { url } = await listeningApi();
  for (const origin of ['http://localhost:3000', 'https://app.example']) {
    const response = await fetch(`${url}/health`, { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    expect(response.headers.get('vary')).toContain('Origin');
  }
  for (const origin of [
    'https://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'null',
  ]) {
    const response = await fetch(`${url}/health`, { headers: { origin } });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  }
  expect((await fetch(`${url}/health`)).headers.get('access-control-allow-origin')).toBeNull();
});

test('R6: errors can be read by the listed origins, too', async () => {
  const { url } = await listeningApi();
  const response = await fetch(`${url}/api/rooms`, { headers: { origin: 'https://app.example' } });
  expect(response.status).toBe(401);
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
});

test('R6: a preflight is answered for the listed origins, without a token', async () => {
  const { url } = await listeningApi();
  const preflight = (origin: string) =>
    fetch(`${url}/api/rooms`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
  const allowed = await preflight('https://app.example');
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example');
  expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
  const refused = await preflight('https://evil.example');
  expect(refused.headers.get('access-control-allow-origin')).toBeNull();
});

test('R6: the origin * is refused at the start, since credentials go with it', async () => {
  const refused = { code: ErrorCode.INVALID_ARGUMENT };
  await expect(listeningApi({ clientUrls: ['https://app.example', '*'] })).rejects.toMatchObject(refused);
});

test('R6: every path and method that is not there has a typed answer', async () => {
  const { url } = await listeningApi();
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/api'],
    ['GET', '/api/rooms/daily/peers'],
    ['DELETE', '/api/rooms/daily'],
    ['POST', '/health'],
    ['GET', '/nothing?access_token=secret'],
  ] as const) {
    const response = await fetch(url + path, { method });
    expect(response.status).toBe(404);
    const error = { code: 'UNIMPLEMENTED', message: 'there is nothing at this path', retryable: false };
    expect(await response.json()).toEqual({ error });
  }
});

test('X1: a path that can not be decoded and a body that is too long have a typed answer', async () => {
  const issue = (name: string) => Promise.resolve({ token: name, userId: name });
  const { url } = await listeningApi({ developmentTokens: { issue } });
  const path = await exchange(url, 'GET /api/rooms/%zz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  expect(path).toMatch(/^HTTP\/1.1 400 /);
  expect(path).toContain('"code":"INVALID_ARGUMENT"');
  const long = await fetch(`${url}/api/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'x'.repeat(20_000) }),
  });
  expect(long.status).toBe(413);
  expect(await long.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
});

test('upgrades go to whoever listens for them on the server, and get no other answer', async () => {
  const { url, app } = await listeningApi();
  const paths: (string | undefined)[] = [];
  app.server.on('upgrade', (request, socket) => {
    paths.push(request.url);
    socket.end(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nthe bytes',
    );
  });
  for (const path of ['/ws', '/rooms/daily', '/health']) {
    const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    expect(await exchange(url, head)).toMatch(/^HTTP\/1.1 101 [^]*\r\n\r\nthe bytes$/);
  }
  expect(paths).toEqual(['/ws', '/rooms/daily', '/health']);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test('every answer holds a browser to what the page needs', async () => {
  const { url } = await listeningApi();
  for (const path of ['/health', '/api/rooms', '/nothing']) {
    const { headers } = await fetch(url + path);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; /);
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('permissions-policy')).toMatch(/camera=\(self\), microphone=\(self\)/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});
