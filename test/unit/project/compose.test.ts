import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../../src/process/config.ts';
import { ConfigError } from '../../../src/process/config-error.ts';
import { type ComposeService, readComposeFile, variablesOf } from '../../compose/compose-file.ts';
import { startServer } from '../cli/run-server.ts';
import { temporaryFolder } from '../process/temporary-folder.ts';
import { repository } from './repository.ts';

const composeFile = path.join(repository, 'docker-compose.one-node.yml');
const composeText = readFileSync(composeFile, 'utf8');
/** The instructions of the Dockerfile, each in one line. */
const dockerfile = textOf('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', '')
  .split('\n');
const documented = new Set(
  [...textOf('docs/settings.md').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name),
);

test('every environment variable of the compose file is a documented setting', () => {
  const names = variablesOf(composeFile);
  expect(names).toContain('NODE_ENV');
  expect(names.filter((name) => !documented.has(name))).toEqual([]);
});

test('the compose file alone is a development server that only this computer reaches', () => {
  const config = readConfig(environment({}));
  expect(config).toMatchObject({
    environment: 'development',
    auth: { keys: { kind: 'development' } },
    directory: { source: { kind: 'open' } },
  });
  expect(service({}).ports).toEqual([`127.0.0.1:${config.listen.port}:${config.listen.port}`]);
  expect(service({}).volumes).toEqual([`data:${config.dataDir}`]);
});

test('in production the compose file needs the settings that its comment names, and no more', () => {
  const production = { NODE_ENV: 'production', HOST: '0.0.0.0' };
  const wanted = (problemsOf(production).match(/[A-Z_]{4,}/g) ?? []).filter((name) => documented.has(name));
  expect(wanted).toEqual(expect.arrayContaining(['JWT_SECRET', 'DIRECTORY_URL']));
  expect(wanted.filter((name) => !composeText.includes(name))).toEqual([]);

  const dotEnv = {
    ...production,
    PORT: '443',
    JWT_JWKS_URL: 'https://id.example/keys',
    DIRECTORY_URL: 'http://directory:4100',
  };
  expect(problemsOf(dotEnv)).toBe('');
  expect(service(dotEnv).env_file).toEqual([{ path: '.env', required: false }]);
  const { listen } = readConfig(environment(dotEnv));
  expect(service(dotEnv).ports).toEqual([`0.0.0.0:443:${listen.port}`]);
});

test('the node has stopped by itself before Docker ends it', () => {
  const [, seconds] = /^(\d+)s$/.exec(service({}).stop_grace_period ?? '') ?? [];
  expect(Number(seconds) * 1000).toBeGreaterThan(readConfig(environment({})).stopTimeoutMs);
  expect(dockerfile).toContain('STOPSIGNAL SIGTERM');
});

test('what the Dockerfile copies from the repository exists, and .dockerignore lets it in', () => {
  const letIn = textOf('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  const copied = dockerfile
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));
  expect(copied).toContain('src');
  expect(copied.filter((name) => !existsSync(path.join(repository, name)))).toEqual([]);
  expect([...new Set(copied)].map((name) => `!${name}`).sort()).toEqual(letIn.sort());
});

test('what the image starts is what `npm start` starts, by a user that is not root', () => {
  const { scripts } = JSON.parse(textOf('package.json')) as { readonly scripts: { readonly start: string } };
  expect(commandOf('CMD').join(' ')).toBe(scripts.start);
  expect(dockerfile).toContain('USER node');
});

test('the health check passes for a server that answers, and fails where none does', async () => {
  const server = await startServer({ DATA_DIR: await temporaryFolder() });
  onTestFinished(() => server.stop());
  const { port } = new URL(server.url);
  expect(await exitCode(startHealthCheck(port))).toBe(0);
  await server.stop();
  expect(await exitCode(startHealthCheck(port))).toBe(1);
});

function service(dotEnv: Readonly<Record<string, string>>): ComposeService {
  return readComposeFile(composeFile, dotEnv).services['parley'] ?? {};
}

/** What the container gets: the compose file's environment over that of the file `.env`. */
function environment(dotEnv: Readonly<Record<string, string>>): Record<string, string> {
  return { ...dotEnv, ...service(dotEnv).environment };
}

function problemsOf(dotEnv: Readonly<Record<string, string>>): string {
  try {
    readConfig(environment(dotEnv));
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}

/** What the last instruction that begins so runs, without a shell. */
function commandOf(prefix: string): readonly string[] {
  const line = dockerfile.findLast((instruction) => instruction.startsWith(prefix)) ?? '';
  return JSON.parse(line.slice(line.indexOf('['))) as readonly string[];
}

function startHealthCheck(port: string): ChildProcess {
  const [program = '', ...args] = commandOf('HEALTHCHECK ');
  expect(program).toBe('node');
  const child = spawn(process.execPath, args, { env: { PORT: port }, stdio: 'inherit' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  const [code] = (await once(child, 'exit')) as readonly unknown[];
  return code;
}

function textOf(name: string): string {
  return readFileSync(path.join(repository, name), 'utf8');
}
