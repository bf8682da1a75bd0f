import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/process/config.ts';
import { ConfigError } from '../../../src/process/config-error.ts';

const secret = 'x'.repeat(32);
const production = { NODE_ENV: 'production', JWT_SECRET: secret, DIRECTORY_FILE: 'rooms.json' };

function problems(env: Record<string, string | undefined>): string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ name, wrong, right }) => `${name}: ${wrong}; ${right}`);
    throw error;
  }
  return [];
}

test('L3: without any setting a development server with every default comes out', () => {
  expect(readConfig({}, { randomName: () => 'abcd1234' })).toEqual({
    environment: 'development',
    nodeId: 'node-abcd1234',
    nodeLeaseMs: 3_000,
    dataDir: './data',
    stopTimeoutMs: 10_000,
    drain: { clientsPerSecond: 100, timeoutMs: 15_000 },
    listen: { port: 4000, host: '0.0.0.0', trustProxy: false },
    clientUrls: ['http://localhost:3000'],
    log: { level: 'info', format: 'json' },
    auth: {
      keys: { kind: 'development' },
      userIdClaim: 'sub',
      clockSkewS: 5,
      tokenInQuery: true,
      signInTimeoutMs: 5_000,
      tokenWarningMs: 60_000,
    },
    liveness: {
      pingIntervalMs: 25_000,
      pingTimeoutMs: 60_000,
      heartbeatIntervalMs: 10_000,
      presenceTtlMs: 30_000,
    },
    reconnection: { windowMs: 5_000, windowMaxMs: 60_000 },
    outbound: { budgetBytes: 262_144, maxBytes: 4_194_304 },
    limits: {
      maxFrameBytes: 1_048_576,
      requestTimeoutMs: 10_000,
      connectionRate: { perSecond: 1_000, burst: 2_000 },
      connections: { inAll: 20_000, perAddress: 4_000, perUser: 100, unsigned: 4_000 },
      handshakeTimeoutMs: 10_000,
      signIns: { atOnce: 16, waiting: 2_000 },
    },
    rooms: { emptyGraceMs: 30_000, logMaxBytes: 8_388_608, recordTtlMs: 3_600_000 },
    store: { kind: 'memory' },
    directory: { source: { kind: 'open' }, timeoutMs: 2_000 },
    iceServers: [],
  });
});

test('an empty or blank value counts as not set', () => {
  const blank = readConfig({ PORT: '', CLIENT_URL: '  ', JWT_SECRET: '', NODE_ENV: '', NODE_ID: ' n1 ' });
  expect(blank).toMatchObject({ environment: 'development', listen: { port: 4000 }, nodeId: 'n1' });
});

test('L3: all problems are listed at once, a line for each, in a form fit for a terminal', () => {
  const env = {
    PORT: '70000',
    LOG_LEVEL: 'loud',
    TLS_CERT: 'cert.pem',
    NODE_ENV: 'production',
    JWT_SECRET: 'short',
  };
  expect(() => readConfig(env)).toThrow(
    [
      '5 settings are wrong:',
      '  PORT           is "70000"; should be a whole number from 0 to 65535',
      '  LOG_LEVEL      is "loud"; should be debug or info or warn or error',
      '  JWT_SECRET     is wrong; should be at least 32 bytes',
      '  DIRECTORY_URL  is not set, and production has no open rooms; set one of DIRECTORY_URL, DIRECTORY_HTTP_URL, DIRECTORY_FILE',
      '  TLS_KEY        is not set, TLS_CERT is; set both or neither',
    ].join('\n'),
  );
});

test.each([
  ['PORT', '-1'],
  ['PORT', '4e3'],
  ['PORT', '0x10'],
  ['HOST', 'a b'],
  ['CLIENT_URL', '*'],
  ['CLIENT_URL', 'https://app.example/path'],
  ['CLIENT_URL', 'app.example'],
  ['TRUST_PROXY', '1'],
  ['TRUST_PROXY', '10.0.0.0/33'],
  ['NODE_ID', 'node 1'],
  ['JWT_JWKS_URL', 'ftp://example.org'],
  ['JWT_JWKS_URL', 'https://ada:pw@example.org'],
  ['JWT_PUBLIC_KEY', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'],
  ['JWT_ALGORITHMS', 'none'],
  ['JWT_AUDIENCE', 'parley-join'],
  ['TOKEN_IN_QUERY', 'yes'],
  ['PING_INTERVAL_MS', '0'],
  ['PING_INTERVAL_MS', '2147483648'],
  ['MAX_FRAME_BYTES', '100'],
  ['ICE_SERVERS', 'stun:example.org'],
  ['ICE_SERVERS', '{}'],
  ['ICE_SERVERS', '[{"urls":"http://example.org"}]'],
  ['ICE_SERVERS', '[{"urls":["turn:example.org"],"username":"u"}]'],
])('%s=%s is refused by name', (name, value) => {
  const [problem, ...others] = problems({ [name]: value });
  expect(problem).toMatch(new RegExp(`^${name}: is .*; (should|set) `));
  expect(others).toEqual([]);
});

test('values of every form are read', () => {
  const config = readConfig({
    CLIENT_URL: ' https://a.example , http://b.example:8080/ ,',
    TRUST_PROXY: '10.0.0.0/8, ::1',
    TLS_CERT: 'cert.pem',
    TLS_KEY: 'key.pem',
    TOKEN_IN_QUERY: 'false',
    JWT_ALGORITHMS: 'RS256, PS256',
    JWT_JWKS_URL: 'https://id.example/keys',
    JWT_ISSUER: 'https://id.example',
    JWT_AUDIENCE: 'calls',
    LOG_HASH_KEY: 'k'.repeat(16),
    ICE_SERVERS:
      '[{"urls":"stun:stun.example.com:3478"},{"urls":["turns:t.example?transport=tcp"],"username":"u","credential":"c"}]',
  });
  expect(config.clientUrls).toEqual(['https://a.example', 'http://b.example:8080']);
  expect(config.listen.trustProxy).toEqual(['10.0.0.0/8', '::1']);
  expect(config.listen.tls).toEqual({
    certFile: 'cert.pem',
    keyFile: 'key.pem',
    reloadIntervalMs: 5_000,
  });
  expect(config.auth).toMatchObject({
    keys: { kind: 'jwks', url: 'https://id.example/keys' },
    algorithms: ['RS256', 'PS256'],
    issuer: 'https://id.example',
    audience: 'calls',
    tokenInQuery: false,
  });
  expect(config.log.hashKey).toBe('k'.repeat(16));
  expect(config.iceServers).toEqual([
    { urls: ['stun:stun.example.com:3478'] },
    { urls: ['turns:t.example?transport=tcp'], username: 'u', credential: 'c' },
  ]);
  expect(readConfig({ TRUST_PROXY: 'true' }).listen.trustProxy).toBe(true);
});

test('a public key is taken as text, as text on one line, and as a path', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString().trim();
  const keys = (JWT_PUBLIC_KEY: string) => readConfig({ JWT_PUBLIC_KEY }).auth.keys;
  expect(keys(pem)).toEqual({ kind: 'pem', pem });
  expect(keys(pem.replaceAll('\n', String.raw`\n`))).toEqual({ kind: 'pem', pem });
  expect(keys('keys/public.pem')).toEqual({ kind: 'pem-file', path: 'keys/public.pem' });
  const secretHalf = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(problems({ JWT_PUBLIC_KEY: secretHalf })).toEqual([
    'JWT_PUBLIC_KEY: is wrong; should be a public key or certificate in PEM (the text, or the path of a file)',
  ]);
});

test('what may be secret is never shown', () => {
  const shown = problems({
    JWT_SECRET: 'hunter2',
    LOG_HASH_KEY: 'hunter2',
    DIRECTORY_URL: 'https://ada:hunter2@example.org',
    ICE_SERVERS: '[{"urls":["turn:t.example"],"credential":"hunter2"}]',
  });
  expect(shown).toHaveLength(4);
  expect(shown.join()).not.toContain('hunter2');
});

test('at most one source of keys and one directory may be set', () => {
  expect(problems({ JWT_SECRET: secret, JWT_JWKS_URL: 'https://id.example' })).toEqual([
    'JWT_JWKS_URL: is set beside JWT_SECRET; set one of JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL',
  ]);
  expect(
    problems({ DIRECTORY_URL: 'http://d', DIRECTORY_HTTP_URL: 'http://e', DIRECTORY_FILE: 'f' }),
  ).toHaveLength(2);
});

test('production needs keys and a directory', () => {
  expect(problems({ NODE_ENV: 'production' }).map((problem) => problem.split(',')[0])).toEqual([
    'JWT_SECRET: is not set',
    'DIRECTORY_URL: is not set',
  ]);
  expect(problems(production)).toEqual([]);
});

test('settings that belong together must fit', () => {
  expect(problems({ PING_TIMEOUT_MS: '25000' })).toEqual([
    'PING_TIMEOUT_MS: is 25000; should be more than PING_INTERVAL_MS, which is 25000',
  ]);
  expect(problems({ PRESENCE_TTL_MS: '10000' })).toHaveLength(1);
  expect(problems({ REQUEST_TIMEOUT_MS: '2000' })).toEqual([
    'REQUEST_TIMEOUT_MS: is 2000; should be more than DIRECTORY_TIMEOUT_MS, which is 2000',
  ]);
  expect(problems({ RECONNECTION_WINDOW_MS: '60001' })).toHaveLength(1);
  expect(problems({ RECONNECTION_WINDOW_MS: '60000' })).toEqual([]);
  expect(problems({ ROOM_LOG_MAX_BYTES: '1000000' })).toHaveLength(1);
  expect(problems({ REDIS_URL: 'redis://h', NODE_LEASE_MS: '1000' })).toEqual([
    'NODE_LEASE_MS: is 1000; should be more than REDIS_TIMEOUT_MS, which is 1000',
  ]);
  expect(problems({ NODE_LEASE_MS: '1000' })).toEqual([]);
  expect(problems({ JWT_SECRET: secret, JWT_ALGORITHMS: 'RS256' })).toEqual([
    'JWT_ALGORITHMS: has RS256; a secret is for HS256 only',
  ]);
  expect(problems({ JWT_JWKS_URL: 'https://id.example', JWT_ALGORITHMS: 'ES256,HS256' })).toEqual([
    'JWT_ALGORITHMS: has HS256; HS256 is for JWT_SECRET only',
  ]);
});

test('the log is pretty in development on a terminal, and as it is told elsewhere', () => {
  const format = (env: Record<string, string>, isTerminal: boolean) =>
    readConfig(env, { isTerminal }).log.format;
  expect(format({}, true)).toBe('pretty');
  expect(format({}, false)).toBe('json');
  expect(format(production, true)).toBe('json');
  expect(format({ LOG_FORMAT: 'json' }, true)).toBe('json');
  expect(format({ LOG_FORMAT: 'pretty' }, false)).toBe('pretty');
});

test('a node without a name gets a random one', () => {
  expect(readConfig({}).nodeId).toMatch(/^node-[0-9a-f]{8}$/);
  expect(readConfig({}).nodeId).not.toBe(readConfig({}).nodeId);
});

test('N1: Redis is one server, a cluster, or whatever the sentinels name', () => {
  const access = { username: 'ada', password: 'p@ss', tls: true, database: 2 };
  expect(readConfig({ REDIS_URL: 'rediss://ada:p%40ss@redis.example:6390/2' }).store).toEqual({
    kind: 'redis',
    place: { kind: 'server', address: { host: 'redis.example', port: 6_390 } },
    access,
    timeoutMs: 1_000,
    ack: 'memory',
  });
  expect(readConfig({ REDIS_URL: 'redis://a,redis://[::1]:7001', REDIS_CLUSTER: 'true' }).store).toEqual({
    kind: 'redis',
    place: {
      kind: 'cluster',
      nodes: [
        { host: 'a', port: 6_379 },
        { host: '::1', port: 7_001 },
      ],
    },
    access: { tls: false, database: 0 },
    timeoutMs: 1_000,
    ack: 'memory',
  });
  const bySentinels = { REDIS_URL: 'redis://:secret@unused/1', REDIS_SENTINELS: 's1:26379, s2:26380' };
  expect(readConfig({ ...bySentinels, REDIS_SENTINEL_PASSWORD: 'other' }).store).toEqual({
    kind: 'redis',
    place: {
      kind: 'sentinels',
      sentinels: [
        { host: 's1', port: 26_379 },
        { host: 's2', port: 26_380 },
      ],
      name: 'mymaster',
      access: { tls: false, database: 0, password: 'other' },
    },
    access: { password: 'secret', tls: false, database: 1 },
    timeoutMs: 1_000,
    ack: 'memory',
  });
});

const namesOf = (env: Record<string, string>) => problems(env).map((problem) => problem.split(':')[0]);

test('L3: settings of Redis that do not fit together are named', () => {
  expect(namesOf({ REDIS_URL: 'http://redis' })).toEqual(['REDIS_URL']);
  expect(namesOf({ REDIS_URL: 'redis://a,redis://b' })).toEqual(['REDIS_URL']);
  expect(namesOf({ REDIS_URL: 'redis://a/1', REDIS_CLUSTER: 'true' })).toEqual(['REDIS_URL']);
  expect(namesOf({ REDIS_SENTINELS: 'a:1' })).toEqual(['REDIS_URL']);
  expect(namesOf({ REDIS_URL: 'redis://a', REDIS_SENTINELS: 'a' })).toEqual(['REDIS_SENTINELS']);
  expect(namesOf({ REDIS_URL: 'redis://a', REDIS_SENTINELS: 'a:1', REDIS_CLUSTER: 'true' })).toEqual([
    'REDIS_CLUSTER',
  ]);
});
