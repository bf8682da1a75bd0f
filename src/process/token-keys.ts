import type { TokenKeySource } from './config.ts';
import { developmentSecret } from './development-secret.ts';
import { readPemFile } from './pem-file.ts';
import { parsePublicKey, pemRight } from './setting-forms.ts';

/** Keys that tokens are checked with, as a `JoseTokenVerifier` takes them. */
export type LoadedTokenKeys =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'pem'; readonly pem: string }
  | { readonly kind: 'jwks'; readonly url: string };

/** Fetches from the disk what the settings only point to. Throws `ConfigError` where it is not there, or no key. */
export async function loadTokenKeys(source: TokenKeySource, dataDir: string): Promise<LoadedTokenKeys> {
  switch (source.kind) {
    case 'development':
      return { kind: 'secret', secret: await developmentSecret(dataDir) };
    case 'pem-file':
      return { kind: 'pem', pem: await readPublicKey(source.path) };
    case 'secret':
    case 'pem':
    case 'jwks':
      return source;
  }
}

async function readPublicKey(path: string): Promise<string> {
  const [pem] = await readPemFile('JWT_PUBLIC_KEY', path, pemRight, parsePublicKey);
  return pem;
}
