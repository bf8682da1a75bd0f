import { readFile } from 'node:fs/promises';
import type { TokenKeySource } from './config.ts';
import { ConfigError } from './config-error.ts';
import { developmentSecret } from './development-secret.ts';

/** Keys that tokens are checked with, as a `JoseTokenVerifier` takes them. */
export type LoadedTokenKeys =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'pem'; readonly pem: string }
  | { readonly kind: 'jwks'; readonly url: string };

/** Fetches from the disk what the settings only point to. Throws `ConfigError` where it is not there. */
export async function loadTokenKeys(source: TokenKeySource, dataDir: string): Promise<LoadedTokenKeys> {
  switch (source.kind) {
    case 'development':
      return { kind: 'secret', secret: await developmentSecret(dataDir) };
    case 'pem-file':
      return { kind: 'pem', pem: await readPem(source.path) };
    case 'secret':
    case 'pem':
    case 'jwks':
      return source;
  }
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const wrong = cause instanceof Error ? cause.message : String(cause);
    const right = 'should be a public key in PEM, or the path of a file that holds one';
    throw new ConfigError([{ name: 'JWT_PUBLIC_KEY', wrong, right }], { cause });
  }
}
