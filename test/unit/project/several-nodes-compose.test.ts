import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/process/config.ts';
import { type ComposeService, readComposeFile, variablesOf } from '../../compose/compose-file.ts';
import { repository } from './repository.ts';

const composeFile = path.join(repository, 'docker-compose.yml');
const secret = 'a secret of the tests, at least 32 bytes long';
type Values = Readonly<Record<string, string>>;

/** Those that are built here, by their names. */
function nodes(values: Values): readonly [string, ComposeService][] {
  const { services } = readComposeFile(composeFile, values);
  return Object.entries(services).filter(([, { build }]) => build !== undefined);
}

test('every environment variable of the compose file of several nodes is a documented setting', () => {
  const document = readFileSync(path.join(repository, 'docs/settings.md'), 'utf8');
  const documented = new Set([...document.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name));
  const names = variablesOf(composeFile);
  expect(names).toEqual(expect.arrayContaining(['JWT_SECRET', 'NODE_ID', 'REDIS_URL', 'TRUST_PROXY']));
  expect(names.filter((name) => !documented.has(name))).toEqual([]);
});

test('without a secret the compose file starts nothing, and says what is missing', () => {
  expect(() => nodes({})).toThrow('required variable JWT_SECRET is missing a value: set it to the secret');
});

test('its nodes differ by their ids alone, and start in production with what its comment names', () => {
  const dotEnv = { NODE_ENV: 'production', JWT_SECRET: secret, DIRECTORY_URL: 'http://directory:4100' };
  const services = nodes(dotEnv);
  expect(services).toHaveLength(3);
  const [, { environment: first = {} } = {}] = services[0] ?? [];
  for (const [name, { environment = {} }] of services) {
    expect(environment['NODE_ID']).toBe(name);
    expect({ ...environment, NODE_ID: '' }).toEqual({ ...first, NODE_ID: '' });
    const config = readConfig({ ...dotEnv, ...environment });
    expect(config).toMatchObject({ nodeId: name, listen: { port: 4000, trustProxy: true } });
  }
  for (const name of Object.keys(dotEnv)) expect(readFileSync(composeFile, 'utf8')).toContain(`#   ${name}=`);
});

test('each node has moved its clients and stopped by itself before Docker ends it', () => {
  const services = nodes({ JWT_SECRET: secret });
  expect(services).toHaveLength(3);
  for (const [, { environment = {}, stop_grace_period: grace = '' }] of services) {
    const { drain, stopTimeoutMs } = readConfig(environment);
    const [, seconds] = /^(\d+)s$/.exec(grace) ?? [];
    expect(Number(seconds) * 1_000).toBeGreaterThan(drain.timeoutMs + stopTimeoutMs);
  }
});

test('only the load balancer can be reached, and by default from this computer alone', () => {
  const { services } = readComposeFile(composeFile, { JWT_SECRET: secret });
  const published = Object.entries(services).filter(([, { ports }]) => ports !== undefined);
  expect(published.map(([name]) => name)).toEqual(['load-balancer']);
  expect(published[0]?.[1].ports).toEqual(['127.0.0.1:4000:4000']);
  const [file = ''] = services['load-balancer']?.volumes?.[0]?.split(':') ?? [];
  expect(existsSync(path.join(repository, file))).toBe(true);
});
