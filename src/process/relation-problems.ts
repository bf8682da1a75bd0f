import type { ConfigProblem } from './config-error.ts';
import type { SettingName, SettingValues } from './settings.ts';

type NumberName = {
  [N in SettingName]: SettingValues[N] extends number ? N : never;
}[SettingName];

const keySettings = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'] as const;
const directorySettings = ['DIRECTORY_URL', 'DIRECTORY_HTTP_URL', 'DIRECTORY_FILE'] as const;

/** What is wrong between settings. `wrong` names those that are given and could not be read. */
export function relationProblems(
  values: Partial<SettingValues>,
  wrong: ReadonlySet<string>,
): ConfigProblem[] {
  const isGiven = (name: SettingName) => values[name] !== undefined || wrong.has(name);
  const problems: ConfigProblem[] = [];

  const oneOf = (names: readonly SettingName[], why: string) => {
    const [first, ...others] = names.filter(isGiven);
    const right = `set one of ${names.join(', ')}`;
    for (const name of others) problems.push({ name, wrong: `is set beside ${String(first)}`, right });
    if (first === undefined && values.NODE_ENV === 'production' && names[0]) {
      problems.push({ name: names[0], wrong: why, right });
    }
  };
  oneOf(keySettings, 'is not set, and production takes no development tokens');
  oneOf(directorySettings, 'is not set, and production has no open rooms');

  const both = (missing: SettingName, given: SettingName) => {
    if (isGiven(given) && !isGiven(missing)) {
      problems.push({ name: missing, wrong: `is not set, ${given} is`, right: 'set both or neither' });
    }
  };
  both('TLS_CERT', 'TLS_KEY');
  both('TLS_KEY', 'TLS_CERT');

  const above = (high: NumberName, low: NumberName, orEqual: boolean) => {
    const [highest, lowest] = [values[high], values[low]];
    if (highest === undefined || lowest === undefined || highest > lowest || (orEqual && highest === lowest))
      return;
    const right = `should be ${orEqual ? 'at least' : 'more than'} ${low}, which is ${lowest}`;
    problems.push({ name: high, wrong: `is ${highest}`, right });
  };
  above('PING_TIMEOUT_MS', 'PING_INTERVAL_MS', false);
  above('PRESENCE_TTL_MS', 'HEARTBEAT_INTERVAL_MS', false);
  above('RECONNECTION_WINDOW_MAX_MS', 'RECONNECTION_WINDOW_MS', true);
  above('REQUEST_TIMEOUT_MS', 'DIRECTORY_TIMEOUT_MS', false);
  above('ROOM_LOG_MAX_BYTES', 'MAX_FRAME_BYTES', true);
  above('SEND_MAX_BYTES', 'SEND_BUDGET_BYTES', true);
  // One command that nobody answers must not cost a node its lease.
  if (isGiven('REDIS_URL')) above('NODE_LEASE_MS', 'REDIS_TIMEOUT_MS', false);

  const redisUrls = values.REDIS_URL?.length ?? 0;
  const isCluster = values.REDIS_CLUSTER === true;
  if (redisUrls > 1 && !isCluster)
    problems.push({
      name: 'REDIS_URL',
      wrong: `has ${redisUrls} URLs`,
      right: 'only a cluster has several: set REDIS_CLUSTER to true',
    });
  if (isCluster && isGiven('REDIS_SENTINELS'))
    problems.push({ name: 'REDIS_CLUSTER', wrong: 'is true, and REDIS_SENTINELS is set', right: 'set one' });
  if (isCluster && (values.REDIS_URL?.[0]?.database ?? 0) !== 0)
    problems.push({ name: 'REDIS_URL', wrong: 'names a database', right: 'a cluster has only 0' });
  if (isGiven('REDIS_SENTINELS') && !isGiven('REDIS_URL'))
    problems.push({
      name: 'REDIS_URL',
      wrong: 'is not set, REDIS_SENTINELS is',
      right: 'set it too: user name, password, TLS and database are taken from it',
    });

  const bySecret = !isGiven('JWT_PUBLIC_KEY') && !isGiven('JWT_JWKS_URL');
  const unfit = values.JWT_ALGORITHMS?.find((algorithm) => (algorithm === 'HS256') !== bySecret);
  if (unfit !== undefined) {
    const right = bySecret ? 'a secret is for HS256 only' : 'HS256 is for JWT_SECRET only';
    problems.push({ name: 'JWT_ALGORITHMS', wrong: `has ${unfit}`, right });
  }
  return problems;
}
