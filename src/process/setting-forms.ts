import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { z } from 'zod';
import { isId } from '../shared/ids.ts';

// How the text of a setting is read. Each message says what would be right.

export type Form<T> = z.ZodType<T, string>;

/** The longest delay of a timer in Node. */
const maxDelayMs = 2_147_483_647;

export function wholeNumber(min: number, max: number): Form<number> {
  const right = `should be a whole number from ${min} to ${max}`;
  const range = z.number().min(min, right).max(max, right);
  return z.string().regex(/^\d+$/, right).transform(Number).pipe(range);
}

export function milliseconds(min = 1): Form<number> {
  return wholeNumber(min, maxDelayMs);
}

export function choice<const T extends string>(...values: readonly T[]): Form<T> {
  return z.string().pipe(z.enum(values, `should be ${values.join(' or ')}`));
}

export const flag: Form<boolean> = choice('true', 'false').transform((text) => text === 'true');

export function text(right: string, form = /./): Form<string> {
  return z.string().regex(form, right);
}

export function secret(minBytes: number): Form<string> {
  return z
    .string()
    .refine((value) => Buffer.byteLength(value) >= minBytes, `should be at least ${minBytes} bytes`);
}

export const id: Form<string> = z
  .string()
  .refine(isId, 'should be 1 to 128 characters of A-Z a-z 0-9 . _ ~ -');

export const httpUrl: Form<string> = z.string().refine((value) => {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}, 'should be an http or https URL without user name and password');

/** Where a Redis server is, and how to get in. */
export interface RedisUrl {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  readonly database: number;
}

const redisUrlRight = 'should be a URL such as redis://user:password@host:6379/0, or rediss:// for TLS';
export const redisUrl: Form<RedisUrl> = z.string().transform((value, context): RedisUrl => {
  const url = URL.parse(value);
  const database = /^\/?(\d{0,3})$/.exec(url?.pathname ?? '-')?.[1];
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === '' || database === undefined) {
    context.addIssue(redisUrlRight);
    return z.NEVER;
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6_379),
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    tls: url.protocol === 'rediss:',
    database: Number(database),
  };
});

const addressRight = 'should be addresses such as sentinel-1:26379 with commas between';
/** A host and a port. */
export const hostAndPort: Form<{ readonly host: string; readonly port: number }> = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, addressRight)
  .transform((value) => {
    const colon = value.lastIndexOf(':');
    return {
      host: value.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
      port: Number(value.slice(colon + 1)),
    };
  });

export function list<T>(item: Form<T>): Form<readonly T[]> {
  const split = (value: string) => value.split(',').map((part) => part.trim());
  return z
    .string()
    .transform((value) => split(value).filter((part) => part !== ''))
    .pipe(z.array(item));
}

const originRight = 'should be origins such as https://app.example.com with commas between (never *)';
/** An origin, as browsers name it: scheme, host and port. */
export const origin: Form<string> = z
  .string()
  .refine((value) => {
    const url = URL.parse(value);
    return url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  }, originRight)
  .transform((value) => new URL(value).origin);

const proxiesRight = 'should be true, false, or addresses and networks (10.0.0.0/8) with commas between';
export const proxies: Form<boolean | readonly string[]> = z.union(
  [flag, list(z.string().refine(isNetwork, proxiesRight))],
  proxiesRight,
);

function isNetwork(value: string): boolean {
  const [address = '', prefix] = value.split('/');
  const version = isIP(address);
  if (version === 0) return false;
  return prefix === undefined || (/^\d+$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

export type PublicKeySource =
  | { readonly kind: 'pem'; readonly pem: string }
  | { readonly kind: 'pem-file'; readonly path: string };

export const pemRight = 'should be a public key or certificate in PEM (the text, or the path of a file)';
/** PEM text, with line ends also as `\n` in words, since many an env file has one line only; else a path. */
export const publicKey: Form<PublicKeySource> = z.string().transform((value, context): PublicKeySource => {
  const pem = value.replaceAll(String.raw`\n`, '\n').trim();
  if (!pem.includes('-----BEGIN')) return { kind: 'pem-file', path: pem };
  try {
    parsePublicKey(pem);
  } catch {
    context.addIssue(pemRight);
  }
  return { kind: 'pem', pem };
});

/** Throws for what is no public key or certificate. */
export function parsePublicKey(pem: string): KeyObject {
  // Node would take a private key too, and derive the public one: the secret half has no place here.
  if (pem.includes('PRIVATE KEY')) throw new Error('it is a private key');
  return createPublicKey(pem);
}

const iceUrlRight = 'should have urls of stun:, stuns:, turn: or turns:';
const iceUrl = z.string(iceUrlRight).regex(/^(stuns?|turns?):[^\s/]+$/, iceUrlRight);
const iceServer = z
  .object(
    {
      urls: z.union([iceUrl.transform((url) => [url]), z.array(iceUrl).min(1)], iceUrlRight),
      username: z.string('should have a text as username').optional(),
      credential: z.string('should have a text as credential').optional(),
    },
    'should be an array of RTCIceServer objects',
  )
  .refine(
    ({ urls, username, credential }) =>
      !urls.some((url) => url.startsWith('turn')) || (username !== undefined && credential !== undefined),
    'should have username and credential with every turn: and turns: URL',
  );

const iceServersRight =
  'should be a JSON array of RTCIceServer objects: [{"urls":["stun:stun.example.com"]}]';
export const iceServers = z
  .string()
  .transform((value, context): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue(iceServersRight);
      return z.NEVER;
    }
  })
  .pipe(z.array(iceServer, iceServersRight).readonly());
