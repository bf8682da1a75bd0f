import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { developmentSecret } from '../../../src/process/development-secret.ts';
import { temporaryFolder } from '../process/temporary-folder.ts';
import { usualVerifier } from '../server/adapter/jose/usual-verifier.ts';
import { runCli } from './run-cli.ts';

// Each starts programs of its own, which takes time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const secret = 'a secret of more than thirty-two bytes';
const verifier = usualVerifier({ kind: 'secret', secret }, { clockSkewS: 0 });

test('S1: parley token prints just a token that signs in', async () => {
  const { code, stdout, stderr } = await runCli(['token', '--user', 'ada', '--secret', secret]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const identity = await verifier.verify(stdout.trim());
  expect(identity).toMatchObject({
    userId: 'ada',
    displayName: '',
    scopes: new Set(['join']),
    rooms: new Map(),
  });
  const inAnHour = Date.now() + 3_600_000;
  expect(identity.expiresAtMs).toBeGreaterThan(inAnHour - 60_000);
  expect(identity.expiresAtMs).toBeLessThanOrEqual(inAnHour);
});

test('everything that can be asked of a token is in it', async () => {
  const flags = ['--name', 'Ada', '--room', 'daily', '--host', '--scope', 'join, list', '--expires', '10m'];
  const { stdout } = await runCli(['token', '--user', 'ada', ...flags], { JWT_SECRET: secret });
  const identity = await verifier.verify(stdout.trim());
  expect(identity).toMatchObject({ displayName: 'Ada', scopes: new Set(['join', 'list']) });
  expect(identity.rooms.get('daily')?.permissions).toMatchObject({ host: true, publish: true, relay: true });
  expect(identity.expiresAtMs).toBeLessThanOrEqual(Date.now() + 600_000);
});

test('a room without host rights is left to its policy, and host rights without a room are for all', async () => {
  const grants = async (...flags: string[]) => {
    const { stdout } = await runCli(['token', '--user', 'ada', '--secret', secret, ...flags]);
    return (await verifier.verify(stdout.trim())).rooms;
  };
  expect(await grants('--room', 'daily')).toEqual(new Map([['daily', {}]]));
  expect([...(await grants('--host')).keys()]).toEqual(['*']);
});

test('without a secret, the development secret that the server shares signs it', async () => {
  const dataDir = join(await temporaryFolder(), 'data');
  const { stdout } = await runCli(['token', '--user', 'ada'], { DATA_DIR: dataDir });
  const keys = { kind: 'secret', secret: await developmentSecret(dataDir) } as const;
  expect(await usualVerifier(keys).verify(stdout.trim())).toMatchObject({ userId: 'ada' });
});

test('issuer, audience and user-id claim are as the server with these settings expects', async () => {
  const env = { JWT_SECRET: secret, JWT_ISSUER: 'me', JWT_AUDIENCE: 'calls', JWT_USER_ID_CLAIM: 'uid' };
  const { stdout } = await runCli(['token', '--user', 'ada'], env);
  const strict = usualVerifier(
    { kind: 'secret', secret },
    { issuer: 'me', audience: 'calls', userIdClaim: 'uid' },
  );
  expect(await strict.verify(stdout.trim())).toMatchObject({ userId: 'ada' });
});

test.each([
  ['no user', [], {}, /required option '--user <id>'/],
  [
    'a user id that is none',
    ['--user', 'a b', '--secret', secret],
    {},
    /user id "a b" is not 1 to 128 characters/,
  ],
  ['a scope that is none', ['--user', 'ada', '--scope', 'fly'], {}, /of join, list, operate, service/],
  ['a time that is none', ['--user', 'ada', '--expires', 'soon'], {}, /a time such as 90s, 30m, 1h or 7d/],
  ['a short secret', ['--user', 'ada', '--secret', 'short'], {}, /the secret is 5 bytes, the minimum is 32/],
  [
    'a server with a public key',
    ['--user', 'ada'],
    { JWT_JWKS_URL: 'https://id.example' },
    /JWT_JWKS_URL .*holder of the private key/,
  ],
  ['production', ['--user', 'ada'], { NODE_ENV: 'production' }, /JWT_SECRET .*no development secret/],
])('%s is refused in words and on standard error', async (_what, flags, env, message) => {
  const { code, stdout, stderr } = await runCli(['token', ...flags], env);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('    at ');
});

test('the version and the help are there', async () => {
  expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const { stdout } = await runCli(['--help']);
  expect(stdout).toMatch(/token .*\n\s+join /);
});
