import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { RawClient } from '../protocol/raw-client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** `npm start` without the build: the process from its source, with nothing of this environment but the path. */
function startProcess(env: Readonly<Record<string, string>>): ChildProcess {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-start-'));
  const child = spawn(process.execPath, ['src/start.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  return child;
}

async function urlOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the process has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(line) as { readonly event: string; readonly url: string };
    if (entry.event === 'process.listening') return entry.url;
  }
  throw new Error('the process ended before it listened');
}

async function errorOutput(child: ChildProcess): Promise<string> {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  return text;
}

test('R6: one command serves health, a development token and a session, and SIGTERM ends it with 0', async () => {
  const child = startProcess({});
  const url = await urlOf(child);
  const health = await fetch(`${url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({ status: 'ok', parts: { store: 'memory', directory: 'open' } });
  const asked = await fetch(`${url}/api/dev/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Ada Lovelace' }),
  });
  const { token, userId } = (await asked.json()) as { readonly token: string; readonly userId: string };
  const client = await RawClient.signIn(`${url.replace('http', 'ws')}/ws`, token);
  expect(client.welcome.userId).toBe(userId);
  const joined = await client.join('start', '');
  expect(joined.room?.peers[0]?.displayName).toBe('Ada Lovelace');
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await client.closed).code).toBe(4200);
  expect(await exited).toEqual([0, null]);
});

test('L3: all that is wrong with the settings is said at once, and nothing starts', async () => {
  const child = startProcess({ PORT: 'many', CLIENT_URL: 'not a url', MAX_FRAME_BYTES: '-1' });
  const words = await errorOutput(child);
  expect(child.exitCode).toBe(1);
  for (const name of ['PORT', 'CLIENT_URL', 'MAX_FRAME_BYTES']) expect(words).toContain(name);
});

test('the open development policy and development tokens refuse to run in production', async () => {
  const child = startProcess({ NODE_ENV: 'production' });
  const words = await errorOutput(child);
  expect(child.exitCode).toBe(1);
  expect(words).toContain('JWT_SECRET');
  expect(words).toContain('DIRECTORY_URL');
});
