import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/process/config-error.ts';
import { developmentSecret } from '../../../src/process/development-secret.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('the secret is made once, for its owner only, and found again', async () => {
  const dataDir = join(await temporaryFolder(), 'deep', 'data');
  const secret = await developmentSecret(dataDir);
  expect(Buffer.byteLength(secret)).toBeGreaterThanOrEqual(32);
  expect(await developmentSecret(dataDir)).toBe(secret);
  expect(await readdir(dataDir)).toEqual(['development-secret']);
  const { mode } = await stat(join(dataDir, 'development-secret'));
  expect(mode & 0o777).toBe(0o600);
});

test('many that ask for it at once get the same', async () => {
  const dataDir = await temporaryFolder();
  const secrets = await Promise.all(Array.from({ length: 20 }, () => developmentSecret(dataDir)));
  expect(new Set(secrets).size).toBe(1);
  expect(await readdir(dataDir)).toEqual(['development-secret']);
});

test('two data folders have two secrets', async () => {
  expect(await developmentSecret(await temporaryFolder())).not.toBe(
    await developmentSecret(await temporaryFolder()),
  );
});

test('a damaged secret and a folder that is none are said by the name of the setting', async () => {
  const dataDir = await temporaryFolder();
  await writeFile(join(dataDir, 'development-secret'), 'short');
  await expect(developmentSecret(dataDir)).rejects.toThrow(
    /DATA_DIR .*development-secret is damaged: delete it/,
  );
  expect(await readFile(join(dataDir, 'development-secret'), 'utf8')).toBe('short');

  await mkdir(join(dataDir, 'other'));
  await writeFile(join(dataDir, 'other', 'file'), '');
  await chmod(join(dataDir, 'other', 'file'), 0o600);
  await expect(developmentSecret(join(dataDir, 'other', 'file'))).rejects.toThrow(ConfigError);
});
