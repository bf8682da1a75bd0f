import { expect, test } from 'vitest';
import { listeningApi } from './listening-api.ts';

const issue = (name: string, userId = `dev-${name}`) =>
  Promise.resolve({ token: `token of ${name}`, userId });

function ask(
  url: string,
  body: string,
  contentType = 'application/json',
  origin?: string,
): Promise<Response> {
  return fetch(`${url}/api/dev/token`, {
    method: 'POST',
    headers: { 'content-type': contentType, ...(origin === undefined ? {} : { origin }) },
    body,
  });
}

test('a development server gives a token for a name', async () => {
  const { url } = await listeningApi({ developmentTokens: { issue } });
  const response = await ask(url, '{"name":" Ann "}');
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(await response.json()).toEqual({ token: 'token of Ann', userId: 'dev-Ann' });
});

test('S2: a token is renewed for the user of the one before', async () => {
  const { url } = await listeningApi({ developmentTokens: { issue } });
  const response = await ask(url, '{"name":"Ann","userId":"ann-1"}');
  expect(await response.json()).toEqual({ token: 'token of Ann', userId: 'ann-1' });
});

test('S1: a server without an issuer for development has no such path', async () => {
  const { url } = await listeningApi();
  const response = await ask(url, '{"name":"Ann"}');
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ error: { code: 'UNIMPLEMENTED' } });
});

test.each([
  ['{}', 400],
  ['{"name":""}', 400],
  ['{"name":"  "}', 400],
  [`{"name":"${'x'.repeat(65)}"}`, 400],
  ['{"name":{"a":1}}', 400],
  ['{"name":"Ann","userId":""}', 400],
  ['{"name":"Ann","userId":"a b"}', 400],
  ['{"name":"Ann","userId":{"a":1}}', 400],
  [`{"name":"Ann","userId":"${'x'.repeat(129)}"}`, 400],
  ['[]', 400],
  ['null', 400],
  ['', 400],
  ['{', 400],
  ['{"__proto__":{"name":"Ann"}}', 400],
])('a request for a token with %s is INVALID_ARGUMENT', async (body, status) => {
  const { url } = await listeningApi({ developmentTokens: { issue } });
  const response = await ask(url, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT', retryable: false } });
});

test('a foreign page gets no token by a form, which needs no preflight', async () => {
  const { url } = await listeningApi({ developmentTokens: { issue } });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
    const response = await ask(url, '{"name":"Ann"}', type, 'https://evil.example');
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(await response.json()).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } });
  }
});
