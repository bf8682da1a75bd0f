import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigError } from './config-error.ts';
import { gatherProblems } from './gather-problems.ts';
import { readPemFile } from './pem-file.ts';

/** Certificate chain and private key in PEM. */
export interface TlsCertificate {
  readonly cert: string;
  readonly key: string;
  /** When it is no longer valid, in milliseconds since 1970. */
  readonly expiresAtMs: number;
  /** SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it. */
  readonly fingerprint: string;
}

/** Where certificate chain and key are, in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

const certRight = 'should be the path of a certificate chain in PEM';
const keyRight = "should be the path of the certificate's private key in PEM, without a passphrase";

/** Reads the files of TLS_CERT and TLS_KEY. Throws `ConfigError` with all that is wrong: not there, no such thing, not a pair. */
export async function loadTlsCertificate(files: TlsFiles): Promise<TlsCertificate> {
  const [[cert, certificate], [key, privateKey]] = await gatherProblems([
    readPemFile('TLS_CERT', files.certFile, certRight, (pem) => new X509Certificate(pem)),
    readPemFile('TLS_KEY', files.keyFile, keyRight, (pem) => createPrivateKey(pem)),
  ]);
  if (!certificate.checkPrivateKey(privateKey)) {
    const wrong = `${files.keyFile} is not the key of the certificate ${files.certFile}`;
    throw new ConfigError([{ name: 'TLS_KEY', wrong, right: keyRight }]);
  }
  try {
    // What OpenSSL takes to serve with is less than what it can read: it refuses weak keys and broken chains.
    createSecureContext({ cert, key });
  } catch (cause) {
    const wrong = `${files.certFile} can't be served with: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError([{ name: 'TLS_CERT', wrong, right: certRight }], { cause });
  }
  const { validTo, fingerprint256: fingerprint } = certificate;
  return { cert, key, expiresAtMs: Date.parse(validTo), fingerprint };
}
