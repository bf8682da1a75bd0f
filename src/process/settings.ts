import type { z } from 'zod';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import * as form from './setting-forms.ts';

interface Setting {
  readonly form: form.Form<unknown>;
  /** What holds where it is not set, as it would stand in the environment. */
  readonly fallback?: string;
  /** Taken to the byte, and never shown. */
  readonly secret?: true;
}

const algorithms = [
  ...(['HS256', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const;

/** Every setting, how it is read and what it is by default. `docs/settings.md` says what each is for. */
export const settings = {
  NODE_ENV: { form: form.choice('development', 'production', 'test'), fallback: 'development' },
  PORT: { form: form.wholeNumber(0, 65_535), fallback: '4000' },
  HOST: { form: form.text('should be an address or a host name', /^[A-Za-z0-9.:_-]+$/), fallback: '0.0.0.0' },
  CLIENT_URL: { form: form.list(form.origin), fallback: 'http://localhost:3000' },
  TLS_CERT: { form: form.text('should be the path of a PEM file') },
  TLS_KEY: { form: form.text('should be the path of a PEM file') },
  TLS_RELOAD_INTERVAL_MS: { form: form.milliseconds(), fallback: '5000' },
  TRUST_PROXY: { form: form.proxies, fallback: 'false' },
  NODE_ID: { form: form.id },
  NODE_LEASE_MS: { form: form.milliseconds(500), fallback: '3000' },
  DATA_DIR: { form: form.text('should be a path'), fallback: './data' },
  STOP_TIMEOUT_MS: { form: form.milliseconds(), fallback: '10000' },
  DRAIN_TIMEOUT_MS: { form: form.milliseconds(100), fallback: '15000' },
  DRAIN_CLIENTS_PER_SECOND: { form: form.wholeNumber(1, 100_000), fallback: '100' },

  REDIS_URL: { form: form.list(form.redisUrl), secret: true },
  REDIS_CLUSTER: { form: form.flag, fallback: 'false' },
  REDIS_SENTINELS: { form: form.list(form.hostAndPort) },
  REDIS_SENTINEL_NAME: { form: form.text('should be a name'), fallback: 'mymaster' },
  REDIS_SENTINEL_PASSWORD: { form: form.text('should be a password'), secret: true },
  REDIS_ACK: { form: form.choice('memory', 'replica'), fallback: 'memory' },
  REDIS_TIMEOUT_MS: { form: form.wholeNumber(50, 5_000), fallback: '1000' },

  LOG_LEVEL: { form: form.choice('debug', 'info', 'warn', 'error'), fallback: 'info' },
  LOG_FORMAT: { form: form.choice('json', 'pretty') },
  LOG_HASH_KEY: { form: form.secret(16), secret: true },

  METRICS_TOKEN: {
    form: form.text('should be 16 characters or more of ASCII, without blanks', /^[\x21-\x7e]{16,}$/),
    secret: true,
  },

  JWT_SECRET: { form: form.secret(32), secret: true },
  JWT_PUBLIC_KEY: { form: form.publicKey, secret: true },
  JWT_JWKS_URL: { form: form.httpUrl },
  JWT_ALGORITHMS: { form: form.list(form.choice(...algorithms)) },
  JWT_ISSUER: { form: form.text('should be a text') },
  JWT_AUDIENCE: { form: form.text('should be another text than parley-join', /^(?!parley-join$)/) },
  JWT_USER_ID_CLAIM: { form: form.text('should be the name of a claim'), fallback: 'sub' },
  JWT_CLOCK_SKEW_S: { form: form.wholeNumber(0, 3_600), fallback: '5' },
  TOKEN_IN_QUERY: { form: form.flag, fallback: 'true' },
  SIGN_IN_TIMEOUT_MS: { form: form.milliseconds(), fallback: '5000' },
  TOKEN_WARNING_MS: { form: form.milliseconds(), fallback: '60000' },

  PING_INTERVAL_MS: { form: form.milliseconds(), fallback: '25000' },
  PING_TIMEOUT_MS: { form: form.milliseconds(), fallback: '60000' },
  HEARTBEAT_INTERVAL_MS: { form: form.milliseconds(), fallback: '10000' },
  PRESENCE_TTL_MS: { form: form.milliseconds(), fallback: '30000' },
  RECONNECTION_WINDOW_MS: { form: form.milliseconds(0), fallback: '5000' },
  RECONNECTION_WINDOW_MAX_MS: { form: form.milliseconds(0), fallback: '60000' },

  MAX_CONNECTIONS: { form: form.wholeNumber(1, 1_000_000), fallback: '20000' },
  MAX_CONNECTIONS_PER_ADDRESS: { form: form.wholeNumber(1, 1_000_000), fallback: '4000' },
  MAX_CONNECTIONS_PER_USER: { form: form.wholeNumber(1, 1_000_000), fallback: '100' },
  MAX_UNSIGNED_CONNECTIONS: { form: form.wholeNumber(1, 1_000_000), fallback: '4000' },
  HANDSHAKE_TIMEOUT_MS: { form: form.wholeNumber(100, 15_000), fallback: '10000' },
  SIGN_INS_AT_ONCE: { form: form.wholeNumber(1, 100_000), fallback: '16' },
  SIGN_INS_WAITING: { form: form.wholeNumber(0, 1_000_000), fallback: '2000' },
  REQUEST_TIMEOUT_MS: { form: form.milliseconds(100), fallback: '10000' },
  CONNECTION_RATE: { form: form.wholeNumber(1, 1_000_000), fallback: '1000' },
  CONNECTION_BURST: { form: form.wholeNumber(64, 1_000_000), fallback: '2000' },
  ROOM_RATE_BYTES: { form: form.wholeNumber(1_024, 1_073_741_824) },

  MAX_FRAME_BYTES: { form: form.wholeNumber(1_024, 67_108_864), fallback: '1048576' },
  SEND_BUDGET_BYTES: { form: form.wholeNumber(65_536, 67_108_864), fallback: '262144' },
  SEND_MAX_BYTES: { form: form.wholeNumber(1_048_576, 268_435_456), fallback: '4194304' },
  ROOM_EMPTY_GRACE_MS: { form: form.milliseconds(0), fallback: '30000' },
  ROOM_LOG_MAX_BYTES: { form: form.wholeNumber(65_536, 1_073_741_824), fallback: '8388608' },
  ROOM_CACHE_TTL_MS: { form: form.milliseconds(0), fallback: '3600000' },

  DIRECTORY_URL: { form: form.httpUrl },
  DIRECTORY_HTTP_URL: { form: form.httpUrl },
  DIRECTORY_FILE: { form: form.text('should be the path of a JSON file') },
  DIRECTORY_TIMEOUT_MS: { form: form.milliseconds(), fallback: '2000' },

  ICE_SERVERS: { form: form.iceServers, fallback: '[]', secret: true },
} satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
export type Environment = Readonly<Record<string, string | undefined>>;

type Value<N extends SettingName> = z.output<(typeof settings)[N]['form']>;
/** The settings as they were read: undefined where one has no default and is not set. */
export type SettingValues = {
  readonly [N in SettingName]: (typeof settings)[N] extends { fallback: string }
    ? Value<N>
    : Value<N> | undefined;
};

export const settingNames = Object.keys(settings) as readonly SettingName[];

/** Reads settings of the environment, without their relations to each other. Throws `ConfigError`. */
export function readSettings<N extends SettingName>(
  env: Environment,
  names: readonly N[],
): Pick<SettingValues, N> {
  const { values, problems } = parseSettings(env, names);
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Pick<SettingValues, N>;
}

/** As `readSettings`, with the problems beside the values that have none. */
export function parseSettings<N extends SettingName>(
  env: Environment,
  names: readonly N[],
): { values: Partial<Pick<SettingValues, N>>; problems: ConfigProblem[] } {
  const values: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  for (const name of names) {
    const setting: Setting = settings[name];
    const given = setting.secret ? env[name] : env[name]?.trim();
    // An empty text counts as not set.
    const used = given === undefined || given.trim() === '' ? setting.fallback : given;
    if (used === undefined) continue;
    const result = setting.form.safeParse(used);
    if (result.success) values[name] = result.data;
    else problems.push(problemOf(name, setting, used, result.error));
  }
  return { values: values as Partial<Pick<SettingValues, N>>, problems };
}

function problemOf(name: string, setting: Setting, used: string, error: z.ZodError): ConfigProblem {
  // Long texts and what may hold credentials are better not repeated.
  const shown = !setting.secret && used.length <= 80 && !used.includes('@');
  const place = error.issues[0]?.path.join('.') ?? '';
  return {
    name,
    wrong: shown
      ? `is ${JSON.stringify(used)}`
      : `is wrong${setting.secret && place !== '' ? ` at ${place}` : ''}`,
    right: error.issues[0]?.message ?? '',
  };
}
