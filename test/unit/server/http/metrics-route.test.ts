import { expect, test } from 'vitest';
import { listeningApi, tokenWith } from './listening-api.ts';

async function look(url: string, token?: string): Promise<Response> {
  return fetch(
    `${url}/metrics`,
    token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
  );
}

test('O2: anyone may read the metrics where that is configured', async () => {
  const { url } = await listeningApi({ metricsAccess: 'anyone' });
  const response = await look(url);
  expect([response.status, await response.text()]).toEqual([200, 'up 1\n']);
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('O2: else the token of the metrics is needed, or a session token that may operate', async () => {
  const { url } = await listeningApi({ metricsAccess: { token: 'a-token-of-sixteen-bytes' } });
  expect((await look(url)).status).toBe(401);
  expect((await look(url, 'a-token-of-sixteen-byteS')).status).toBe(401);
  expect((await look(url, await tokenWith(['join', 'list']))).status).toBe(403);
  expect((await look(url, await tokenWith(['operate']))).status).toBe(200);
  expect((await look(url, 'a-token-of-sixteen-bytes')).status).toBe(200);
});

test('where no token of the metrics is set, none opens them but that of an operator', async () => {
  const { url } = await listeningApi({ metricsAccess: { token: undefined } });
  expect((await look(url, '')).status).toBe(401);
  expect((await look(url, 'undefined')).status).toBe(401);
  expect((await look(url, await tokenWith(['operate']))).status).toBe(200);
});
