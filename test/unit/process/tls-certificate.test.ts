import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ConfigError } from '../../../src/process/config-error.ts';
import { loadTlsCertificate } from '../../../src/process/tls-certificate.ts';
import { first } from '../../protocol/certificates.ts';
import { temporaryFolder } from './temporary-folder.ts';

const { cert: certificate, key: privateKey } = first;
const certRight = 'should be the path of a certificate chain in PEM';
const keyRight = "should be the path of the certificate's private key in PEM, without a passphrase";

/** What is said of two files with these contents; undefined: there is none. */
async function problemsOf(cert: string | undefined, key: string | undefined) {
  const folder = await temporaryFolder();
  const files = { certFile: join(folder, 'cert'), keyFile: join(folder, 'key') };
  if (cert !== undefined) await writeFile(files.certFile, cert);
  if (key !== undefined) await writeFile(files.keyFile, key);
  const thrown: unknown = await loadTlsCertificate(files).catch((error: unknown) => error);
  if (!(thrown instanceof ConfigError)) return thrown;
  return thrown.problems.map(({ name, wrong, right }) => [name, wrong.replaceAll(folder, ''), right]);
}

test('a certificate and its key are read, with its expiry and fingerprint', async () => {
  // As openssl x509 -noout -enddate -fingerprint -sha256 says.
  expect(await problemsOf(certificate, privateKey)).toEqual({
    cert: certificate,
    key: privateKey,
    expiresAtMs: Date.UTC(2126, 9, 28, 14, 53, 46),
    fingerprint:
      'E9:F6:78:9E:FA:03:86:6A:85:1A:D3:49:0E:4F:C1:6D:70:71:B7:7E:42:57:FA:D3:59:C3:E3:16:A1:76:D6:E9',
  });
});

test('L3: certificate and key that are not there, or something else, are named together', async () => {
  expect(await problemsOf(undefined, undefined)).toEqual([
    ['TLS_CERT', "/cert can't be read: ENOENT", certRight],
    ['TLS_KEY', "/key can't be read: ENOENT", keyRight],
  ]);
  expect(await problemsOf(privateKey, certificate)).toEqual([
    ['TLS_CERT', '/cert holds something else', certRight],
    ['TLS_KEY', '/key holds something else', keyRight],
  ]);
});

test('L3: the key of another certificate, one with a passphrase and a weak certificate chain are refused', async () => {
  const { privateKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = other.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(await problemsOf(certificate, stranger)).toEqual([
    ['TLS_KEY', '/key is not the key of the certificate /cert', keyRight],
  ]);
  const locked = other.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
  expect(await problemsOf(certificate, locked.toString())).toEqual([
    ['TLS_KEY', '/key holds something else', keyRight],
  ]);
  const broken = `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
  expect(await problemsOf(broken, privateKey)).toEqual([
    ['TLS_CERT', expect.stringMatching(/^\/cert can't be served with: /), certRight],
  ]);
});
