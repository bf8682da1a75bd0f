import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadTokenKeys } from '../../../src/process/token-keys.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('keys that stand in a file are read, and the others go through', async () => {
  const dataDir = await temporaryFolder();
  const path = join(dataDir, 'public.pem');
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  await writeFile(path, pem);
  expect(await loadTokenKeys({ kind: 'pem-file', path }, dataDir)).toEqual({ kind: 'pem', pem });
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

test('L3: a file that holds no public key, or the private one, is said by the name of the setting', async () => {
  const path = join(await temporaryFolder(), 'key.pem');
  const secret = generateKeyPairSync('ed25519')
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  for (const content of ['', 'a key', secret]) {
    await writeFile(path, content);
    await expect(loadTokenKeys({ kind: 'pem-file', path }, '.')).rejects.toThrow(
      /JWT_PUBLIC_KEY .*key\.pem holds something else; should be a public key or certificate in PEM/,
    );
  }
});
