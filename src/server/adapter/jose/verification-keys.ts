import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import type { JWTVerifyGetKey } from 'jose';
import { ErrorCode, SignalError } from '../../../shared/signal-error.ts';
import { RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.ts';

/** What tokens are checked with. */
export type TokenKeys =
  /** A shared secret for HS256, at least 32 bytes. */
  | { readonly kind: 'secret'; readonly secret: string }
  /** A public key or certificate in PEM: RSA (2048 bits or more), EC or Ed25519. */
  | { readonly kind: 'pem'; readonly pem: string }
  /** Where a JSON Web Key Set is fetched, and fetched again when a token names a key that is not in it. */
  | { readonly kind: 'jwks'; readonly url: string };

/** A key with the algorithms that it may be used with. */
export interface VerificationKeys {
  readonly key: KeyObject | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

const minSecretBytes = 32;
const minRsaBits = 2048;

/** The algorithms that a kind of key can do. The first stands where the configuration names none. */
const algorithmsByKey: ReadonlyMap<string, readonly string[]> = new Map([
  ['rsa', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['ec prime256v1', ['ES256']],
  ['ec secp384r1', ['ES384']],
  ['ec secp521r1', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
]);

/**
 * Makes keys ready for use, with the accepted algorithms pinned: those of the configuration, else the key's own.
 * Throws `SignalError` INVALID_ARGUMENT for a key that is none, is too weak, or can't do a configured algorithm.
 */
export function verificationKeys(
  keys: TokenKeys,
  algorithms: readonly string[] | undefined,
  keySet: RemoteKeySetOptions,
): VerificationKeys {
  switch (keys.kind) {
    case 'secret':
      return { key: secretKey(keys.secret), algorithms: pinned(algorithms, ['HS256'], ['HS256']) };
    case 'pem': {
      const key = publicKey(keys.pem);
      const possible = algorithmsOf(key);
      return { key, algorithms: pinned(algorithms, possible, possible.slice(0, 1)) };
    }
    case 'jwks': {
      const possible = [...algorithmsByKey.values()].flat();
      const set = new RemoteKeySet(keys.url, keySet);
      return {
        key: (header, token) => set.find(header, token),
        algorithms: pinned(algorithms, possible, ['RS256', 'ES256', 'EdDSA']),
      };
    }
  }
}

function pinned(
  configured: readonly string[] | undefined,
  possible: readonly string[],
  usual: readonly string[],
): readonly string[] {
  if (configured === undefined || configured.length === 0) return usual;
  const unfit = configured.find((algorithm) => !possible.includes(algorithm));
  if (unfit !== undefined)
    throw refused(`the key can't be used with ${unfit}, it can with ${possible.join(', ')}`);
  return configured;
}

function secretKey(secret: string): KeyObject {
  const bytes = Buffer.from(secret, 'utf8');
  if (bytes.length < minSecretBytes) {
    throw refused(`the secret is ${bytes.length} bytes, the minimum is ${minSecretBytes}`);
  }
  return createSecretKey(bytes);
}

function publicKey(pem: string): KeyObject {
  // createPublicKey would take a private key too and derive the public one: the secret half has no place here.
  if (pem.includes('PRIVATE KEY')) throw refused('the PEM holds a private key, the public one is wanted');
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw refused('the PEM holds no public key', cause);
  }
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) < minRsaBits) {
    throw refused(`the RSA key has ${modulusLength ?? 0} bits, the minimum is ${minRsaBits}`);
  }
  const kind = [key.asymmetricKeyType, namedCurve].filter(Boolean).join(' ');
  const algorithms = algorithmsByKey.get(kind);
  if (algorithms === undefined) {
    throw refused(
      `a key of kind ${kind} can't be used, one of ${[...algorithmsByKey.keys()].join(', ')} can`,
    );
  }
  return algorithms;
}

function refused(message: string, cause?: unknown): SignalError {
  return new SignalError(ErrorCode.INVALID_ARGUMENT, message, { cause });
}
