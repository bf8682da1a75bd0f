// Compiles src and gen to dist, with the scripts for Redis, and the pages to dist/web. Compiling is incremental.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

// Scripts for Redis are read where their modules are.
const isFolderOrLua = (path) => path.endsWith('.lua') || !/\.[^/]+$/.test(path);
cpSync(`${root}src/server/adapter/redis`, `${root}dist/src/server/adapter/redis`, {
  recursive: true,
  filter: isFolderOrLua,
});

const cli = new URL('../dist/src/cli/main.js', import.meta.url);
if (existsSync(cli)) chmodSync(cli, 0o755);

if (existsSync(new URL('../src/web/index.html', import.meta.url)))
  await build({ configFile: `${root}vite.config.ts`, logLevel: 'warn' });
