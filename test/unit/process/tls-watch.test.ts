import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  loadTlsCertificate,
  type TlsCertificate,
  type TlsFiles,
} from '../../../src/process/tls-certificate.ts';
import { TlsWatch } from '../../../src/process/tls-watch.ts';
import { type Clock, systemClock } from '../../../src/shared/clock.ts';
import { first, renewed } from '../../protocol/certificates.ts';
import { temporaryFolder } from './temporary-folder.ts';

const dayMs = 86_400_000;

async function write(folder: string, { cert, key }: typeof first): Promise<TlsFiles> {
  const files = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  await writeFile(files.certFile, cert);
  await writeFile(files.keyFile, key);
  return files;
}

/** A watch that looks every 5 ms and lets files be no good for 250 ms, stopped with the test. */
async function watching(files: TlsFiles, clock: Clock = systemClock) {
  const taken: TlsCertificate[] = [];
  const logged: string[] = [];
  let looks = 0;
  const note = (event: string, fields: object = {}) => void logged.push(`${event} ${JSON.stringify(fields)}`);
  const watch = new TlsWatch({
    files,
    loaded: await loadTlsCertificate(files),
    intervalMs: 5,
    settleMs: 250,
    clock: {
      ...clock,
      after: (delayMs, callback) => {
        looks += 1;
        return clock.after(delayMs, callback);
      },
    },
    log: { info: note, warn: note, error: (event, error) => note(event, { error: String(error) }) },
    onChange: (found) => taken.push(found),
  });
  watch.start();
  onTestFinished(() => watch.stop());
  const looked = async (times: number) => {
    const until = looks + times;
    await expect.poll(() => looks, { interval: 2 }).toBeGreaterThan(until);
  };
  return { watch, taken, logged, looked };
}

test('X6: new files are taken up, in place, by rename, and by a link that is turned to another folder', async () => {
  const folder = await temporaryFolder();
  const files = await write(folder, first);
  const plain = await watching(files);
  await plain.looked(3);
  expect(plain.taken).toEqual([]);
  await write(folder, renewed);
  await expect.poll(() => plain.taken).toMatchObject([renewed]);
  const { fingerprint, expiresAtMs } = await loadTlsCertificate(files);
  const expiresAt = new Date(expiresAtMs).toISOString();
  expect(plain.logged).toEqual([`tls.reloaded ${JSON.stringify({ expiresAt, fingerprint })}`]);

  const aside = join(folder, 'aside');
  await mkdir(aside);
  const other = await write(aside, first);
  await rename(other.certFile, files.certFile);
  await rename(other.keyFile, files.keyFile);
  await expect.poll(() => plain.taken).toMatchObject([renewed, first]);

  // As Kubernetes mounts a secret: tls.crt → ..data/tls.crt, ..data → a folder of its version.
  const mounted = await temporaryFolder();
  for (const [version, pair] of Object.entries({ one: first, two: renewed })) {
    await mkdir(join(mounted, version));
    await write(join(mounted, version), pair);
  }
  await symlink('one', join(mounted, '..data'));
  const links = { certFile: join(mounted, 'tls.crt'), keyFile: join(mounted, 'tls.key') };
  await symlink('..data/tls.crt', links.certFile);
  await symlink('..data/tls.key', links.keyFile);
  const linked = await watching(links);
  await symlink('two', join(mounted, '..data_tmp'));
  await rename(join(mounted, '..data_tmp'), join(mounted, '..data'));
  await expect.poll(() => linked.taken).toMatchObject([renewed]);
});

test('X6: a pair of which only one half is there yet is no error, and is taken up when it is whole', async () => {
  const files = await write(await temporaryFolder(), first);
  const { taken, logged, looked } = await watching(files);
  await writeFile(files.certFile, renewed.cert);
  await looked(2);
  await rm(files.keyFile);
  await looked(2);
  expect([taken, logged]).toEqual([[], []]);
  await writeFile(files.keyFile, renewed.key);
  await expect.poll(() => taken).toMatchObject([renewed]);
  expect(logged).toHaveLength(1);
});

test('X6: files that stay no good are logged once, each time that they change, and the pair before is kept', async () => {
  const files = await write(await temporaryFolder(), first);
  const { taken, logged, looked } = await watching(files);
  await writeFile(files.certFile, renewed.cert);
  await expect.poll(() => logged).toEqual([expect.stringContaining('is not the key of the certificate')]);
  await looked(20);
  expect(logged).toHaveLength(1);
  await writeFile(files.certFile, 'no certificate');
  await expect.poll(() => logged.slice(1)).toEqual([expect.stringContaining('holds something else')]);
  await rm(files.certFile);
  await expect.poll(() => logged.slice(2)).toEqual([expect.stringContaining("can't be read: ENOENT")]);
  await looked(20);
  await writeFile(files.certFile, first.cert);
  await looked(3);
  expect(logged).toHaveLength(3);
  expect(taken).toEqual([]);
  await write(join(files.certFile, '..'), renewed);
  await expect.poll(() => taken).toMatchObject([renewed]);
  expect(logged.join()).not.toContain('PRIVATE KEY');
});

test('X6: a certificate that expires within 14 days is warned of at start, daily, and when it has', async () => {
  const files = await write(await temporaryFolder(), first);
  const { expiresAtMs } = await loadTlsCertificate(files);
  let leftMs = 14 * dayMs + 1;
  let monotonicMs = 0;
  const clock: Clock = {
    now: () => expiresAtMs - leftMs,
    monotonicMs: () => monotonicMs,
    after: (delayMs, callback) => systemClock.after(delayMs, callback),
  };
  const pass = (ms: number) => {
    leftMs -= ms;
    monotonicMs += ms;
  };
  const { logged, looked } = await watching(files, clock);
  await looked(2);
  expect(logged).toEqual([]);
  pass(1);
  await expect.poll(() => logged).toEqual([expect.stringMatching(/^tls\.expiring .*"daysLeft":14}$/)]);
  pass(dayMs - 1);
  await looked(3);
  expect(logged).toHaveLength(1);
  pass(1);
  await expect.poll(() => logged.slice(1)).toEqual([expect.stringContaining('"daysLeft":13')]);
  pass(13 * dayMs);
  await expect.poll(() => logged.slice(2)).toEqual([expect.stringMatching(/^tls\.expired .*"daysLeft":0}$/)]);
  const atStart = await watching(files, clock);
  expect(atStart.logged).toEqual([expect.stringContaining('tls.expired')]);
  // The other one has some hours more.
  await write(join(files.certFile, '..'), renewed);
  await expect
    .poll(() => atStart.logged.slice(1))
    .toEqual([expect.stringContaining('tls.reloaded'), expect.stringContaining('tls.expiring')]);
});

test('a watch that is stopped while it looks takes nothing up and looks no more', async () => {
  const files = await write(await temporaryFolder(), first);
  let looks = 0;
  let stop = () => {};
  const clock: Clock = {
    ...systemClock,
    after: (delayMs, callback) =>
      systemClock.after(delayMs, () => {
        looks += 1;
        callback();
        stop();
      }),
  };
  const { watch, taken } = await watching(files, clock);
  stop = () => watch.stop();
  await write(join(files.certFile, '..'), renewed);
  const other = await watching(files);
  await other.looked(20);
  expect([looks, taken]).toEqual([1, []]);
});
