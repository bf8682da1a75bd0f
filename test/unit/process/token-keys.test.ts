import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTokenKeys } from '../../../src/process/token-keys.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('keys that stand in a file are read, and the others go through', async () => {
  const dataDir = await temporaryFolder();
  const path = join(dataDir, 'public.pem');
  await writeFile(path, 'a key');
  expect(await loadTokenKeys({ kind: 'pem-file', path }, dataDir)).toEqual({ kind: 'pem', pem: 'a key' });
  const jwks = { kind: 'jwks', url: 'https://id.example' } as const;
  expect(await loadTokenKeys(jwks, dataDir)).toEqual(jwks);
});

test('development keys are the secret of the data folder', async () => {
  const dataDir = await temporaryFolder();
  const keys = await loadTokenKeys({ kind: 'development' }, dataDir);
  expect(keys).toMatchObject({ kind: 'secret' });
  expect(await loadTokenKeys({ kind: 'development' }, dataDir)).toEqual(keys);
});

test('a file that is not there is said by the name of the setting', async () => {
  const path = join(await temporaryFolder(), 'missing.pem');
  await expect(loadTokenKeys({ kind: 'pem-file', path }, '.')).rejects.toThrow(
    /JWT_PUBLIC_KEY .*missing\.pem/,
  );
});
