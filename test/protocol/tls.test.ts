import { randomUUID, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { first, renewed } from './certificates.ts';
import { RawClient } from './raw-client.ts';
import { startTestServer } from './test-server.ts';

const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256;

/** A server by the first certificate whose files are looked at every 20 ms; `replace` puts others in their place. */
async function startTlsServer() {
  const folder = await mkdtemp(join(tmpdir(), 'parley-tls-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const replace = async (file: string, pem: string) => {
    await writeFile(`${file}.new`, pem);
    await rename(`${file}.new`, file);
  };
  await replace(certFile, first.cert);
  await replace(keyFile, first.key);
  const server = await startTestServer({
    env: { TLS_CERT: certFile, TLS_KEY: keyFile, TLS_RELOAD_INTERVAL_MS: '20', TOKEN_IN_QUERY: 'true' },
  });
  onTestFinished(() => server.close());
  const lines = (event: string) => server.logLines.filter((line) => line['event'] === event);
  return {
    server,
    lines,
    replaceCert: (pem: string) => replace(certFile, pem),
    replaceKey: (pem: string) => replace(keyFile, pem),
  };
}

/** The certificate that a new connection is shown. */
async function shown(url: string): Promise<string | undefined> {
  const { port } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const fingerprint = socket.getPeerX509Certificate()?.fingerprint256;
  socket.destroy();
  return fingerprint;
}

test('X6: new certificate files are served with at once, while the connections of the old one go on', async () => {
  const { server, lines, replaceCert, replaceKey } = await startTlsServer();
  expect(server.wsUrl).toMatch(/^wss:/);
  const before = await RawClient.signIn(server.wsUrl, await server.token('ada'), { ca: first.cert });
  onTestFinished(() => before.close());
  const [adaId, bobId] = [randomUUID(), randomUUID()];
  await before.join('room', adaId);
  expect(await shown(server.url)).toBe(fingerprintOf(first.cert));

  await replaceCert(renewed.cert);
  await replaceKey(renewed.key);
  await expect.poll(() => lines('tls.reloaded')).toHaveLength(1);
  const [reloaded] = lines('tls.reloaded');
  expect(reloaded).toMatchObject({ level: 'info', fingerprint: fingerprintOf(renewed.cert) });
  expect(reloaded?.['expiresAt']).toBe(new Date(new X509Certificate(renewed.cert).validTo).toISOString());
  expect(await shown(server.url)).toBe(fingerprintOf(renewed.cert));
  const token = await server.token('bob');
  await expect(RawClient.signIn(server.wsUrl, token, { ca: first.cert })).rejects.toThrow(/self-signed/);
  const after = await RawClient.signIn(server.wsUrl, token, { ca: renewed.cert });
  onTestFinished(() => after.close());
  await after.join('room', bobId);
  const body = { kind: { case: 'offer', value: { sdp: 'v=0' } } } as const;
  await after.request({ case: 'relay', value: { roomId: 'room', to: adaId, body } });
  expect((await before.event('relay')).body.value.from).toBe(bobId);
  await before.settle();
  expect(lines('tls.reload_failed')).toEqual([]);
  expect(lines('tls.absent')).toEqual([]);
});

test('X6: a new certificate without its key changes nothing, and is no error while the key may still come', async () => {
  const { server, lines, replaceCert, replaceKey } = await startTlsServer();
  await replaceCert(renewed.cert);
  // A few looks later, as the clients see it.
  for (let times = 0; times < 5; times++) expect(await shown(server.url)).toBe(fingerprintOf(first.cert));
  await replaceKey(renewed.key);
  await expect.poll(() => shown(server.url)).toBe(fingerprintOf(renewed.cert));
  expect(lines('tls.reload_failed')).toEqual([]);
});

const production = { NODE_ENV: 'production', DIRECTORY_FILE: 'rooms.json' };
test.each([
  ['production alone', 1, production],
  ['production behind a proxy', 0, { ...production, TRUST_PROXY: '10.0.0.0/8' }],
  ['production behind whatever proxy', 0, { ...production, TRUST_PROXY: 'true' }],
  ['a server that is not in production', 0, {}],
])('X6: %s starts with %i warnings that TLS is absent', async (_name, times, env) => {
  const server = await startTestServer({ env });
  onTestFinished(() => server.close());
  const warnings = server.logLines.filter(({ event }) => event === 'tls.absent');
  expect(warnings).toHaveLength(times);
  for (const warning of warnings) expect(warning['level']).toBe('warn');
});
