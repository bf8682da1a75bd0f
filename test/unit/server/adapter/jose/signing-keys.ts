import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly pem: string;
}

export function rsaPair(modulusLength = 2048): KeyPair {
  return withPem(generateKeyPairSync('rsa', { modulusLength }));
}

export function ecPair(namedCurve = 'P-256'): KeyPair {
  return withPem(generateKeyPairSync('ec', { namedCurve }));
}

export function ed25519Pair(): KeyPair {
  return withPem(generateKeyPairSync('ed25519'));
}

function withPem(pair: { privateKey: KeyObject; publicKey: KeyObject }): KeyPair {
  return { ...pair, pem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** The public key as a member of a key set. */
export function publicJwk(pair: KeyPair, kid: string | undefined, alg: string): object {
  return { ...pair.publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }), alg, use: 'sig' };
}

/** A signed token that holds for a minute, unless the claims say otherwise. */
export function signed(
  key: KeyObject | Uint8Array,
  alg: string,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const payload = { sub: 'ada', exp: Math.floor(Date.now() / 1000) + 60, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg, ...header }).sign(key);
}

/** A token with exactly these header and claims, and no, or a given, signature. */
export function assembled(header: object, claims: object, signature = ''): string {
  const encoded = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${encoded.join('.')}.${signature}`;
}
