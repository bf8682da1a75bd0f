import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exchange, listeningApi } from './listening-api.ts';

/** A folder as the build leaves it, below one that is called assets itself, beside a file that is nobody's business. */
async function builtPages(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'pages-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const folder = join(root, 'assets', 'web');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(root, 'assets', 'secret.txt'), 'secret');
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Parley</title>');
  await writeFile(join(folder, '.env'), 'secret');
  await writeFile(join(folder, 'assets', 'index-abc123.js'), 'export {};');
  return folder;
}

test('the page is served at / and asked for anew each time, its hashed files kept for a year', async () => {
  const { url } = await listeningApi({ pagesFolder: await builtPages() });
  const page = await fetch(`${url}/?room=daily`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; /);
  expect(await page.text()).toContain('<title>Parley</title>');
  const etag = page.headers.get('etag') ?? '';
  const again = `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: ${etag}\r\n\r\n`;
  expect(await exchange(url, again)).toMatch(/^HTTP\/1.1 304 /);

  const script = await fetch(`${url}/assets/index-abc123.js`);
  expect(script.headers.get('content-type')).toMatch(/^(text|application)\/javascript/);
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
});

test('nothing but the pages is served, and what is missing has a typed answer', async () => {
  const { url, list } = await listeningApi({ pagesFolder: await builtPages() });
  for (const path of [
    '/.env',
    '/secret.txt',
    '/..%2Fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/',
    '/none.js',
  ]) {
    const response = await fetch(url + path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    const body = await response.text();
    expect(JSON.parse(body)).toHaveProperty('error.code');
    expect(body).not.toContain('secret');
  }
  expect((await list('/api/rooms')).status).toBe(200);
  expect((await fetch(`${url}/health`)).status).toBe(200);
});

test('a server without built pages runs, and has them once they are built', async () => {
  const pagesFolder = join(await builtPages(), 'not-yet-built');
  const { url } = await listeningApi({ pagesFolder });
  expect((await fetch(`${url}/`)).status).toBe(404);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  await mkdir(pagesFolder);
  await writeFile(join(pagesFolder, 'index.html'), '<!doctype html>');
  expect((await fetch(`${url}/`)).status).toBe(200);
});

test('a path that leads out of the pages is refused as such', async () => {
  const { url } = await listeningApi({ pagesFolder: await builtPages() });
  const answer = await exchange(
    url,
    'GET /../../secret.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1.1 403 /);
  expect(answer).toContain('"code":"PERMISSION_DENIED"');
});
