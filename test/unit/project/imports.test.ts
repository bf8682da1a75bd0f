import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readImportTable } from './import-table.ts';
import { repository } from './repository.ts';

/** For each row of the import table what it must refuse: a folder of ours, a package or a module of Node. */
const forbidden: Record<string, readonly string[]> = {
  gen: ['src/shared', 'node:fs', 'ws'],
  'src/shared': ['src/server/port', 'src/process', 'src/client', 'node:fs', 'ws'],
  'src/process': ['src/server/port', 'src/services/directory', 'gen', 'ws'],
  'src/server/port': ['gen', 'src/server/adapter/memory', 'src/server/frame', 'node:fs', 'ws'],
  'src/server/frame': ['src/server/port', 'src/server/session', 'src/server/socket', 'node:fs', 'ws'],
  'src/server/domain': ['src/server/session', 'src/server/feature/room', 'node:timers', 'ws'],
  'src/server/session': [
    'src/server/port',
    'src/server/feature/room',
    'src/server/socket',
    'src/server/domain',
    'ws',
  ],
  'src/server/socket': ['src/server/port', 'src/server/feature/room', 'src/server/adapter/memory', 'fastify'],
  'src/server/feature/*': [
    'src/server/session',
    'src/server/socket',
    'src/server/adapter/memory',
    'src/server/feature/other',
    'ws',
  ],
  'src/server/adapter/memory': [
    'src/server/session',
    'src/server/feature/room',
    'src/server/adapter/jose',
    'jose',
  ],
  'src/server/adapter/redis': [
    'src/server/session',
    'src/server/feature/room',
    'src/server/adapter/memory',
    'jose',
  ],
  'src/server/adapter/connect': [
    'src/server/session',
    'src/server/feature/room',
    'src/services/media',
    'jose',
  ],
  'src/server/adapter/jose': ['src/server/session', 'src/server/feature/room', 'src/process', 'ws'],
  'src/server/adapter/directory': ['src/server/session', 'src/services/directory', 'jose'],
  'src/server/http': [
    'src/server/socket',
    'src/server/session',
    'src/server/feature/room',
    'src/server/adapter/memory',
    'ws',
  ],
  'src/server/control': [
    'src/server/socket',
    'src/server/session',
    'src/server/feature/room',
    'src/server/http',
    'ws',
  ],
  'src/server/liveness': [
    'src/server/socket',
    'src/server/session',
    'src/server/feature/room',
    'src/server/http',
    'ws',
  ],
  'src/server/open-store.ts': ['src/server/session', 'src/server/feature/room', 'ioredis'],
  'src/server/open-ports.ts': ['src/server/session', 'src/server/feature/room', 'ws'],
  'src/server/main.ts': ['src/services/directory', 'src/client', 'src/cli', 'ws'],
  'src/start.ts': ['src/server/session', 'src/services/directory', 'src/client', 'ws'],
  'src/services/media': ['src/server/port', 'src/services/chat', 'ws'],
  'src/services/chat': ['src/server/port', 'src/services/directory', 'ws'],
  'src/services/directory': ['src/server/port', 'src/services/media', 'ws'],
  'src/client': ['src/server/port', 'src/services/directory', 'src/process', 'node:fs', 'ws'],
  'src/web': ['src/server/port', 'src/services/directory', 'src/process', 'node:fs', 'ws'],
  'src/cli': ['src/server/feature/room', 'src/server/adapter/memory', 'src/server/frame', 'fastify'],
  'src/testing': ['src/server/feature/room', 'src/server/adapter/memory', 'src/server/session', 'fastify'],
  'test/protocol': ['src/server/port', 'src/server/frame', 'src/client', 'test/unit/shared'],
};

/** Rows that may import types of a folder whose values they may not. */
const typesOnly: Record<string, string> = {
  'src/server/port': 'gen',
  'src/server/frame': 'src/server/port',
  'src/server/session': 'src/server/port',
  'src/server/socket': 'src/server/port',
  'src/server/feature/*': 'src/server/session',
};

const tree = mkdtempSync(path.join(tmpdir(), 'parley-imports-'));
let output = '';

beforeAll(async () => {
  for (const name of [
    '.dependency-cruiser.mjs',
    'scripts/check-imports.mjs',
    'tsconfig.json',
    'package.json',
  ]) {
    cpSync(path.join(repository, name), path.join(tree, name));
  }
  symlinkSync(path.join(repository, 'node_modules'), path.join(tree, 'node_modules'));
  for (const [row, targets] of Object.entries(forbidden)) {
    for (const target of targets) plant(file(row, target), `import ${specifier(row, target)};`);
  }
  for (const [row, target] of Object.entries(typesOnly)) {
    plant(
      file(row, `types of ${target}`),
      `import type { Planted } from ${specifier(row, target)};\nexport type T = Planted;`,
    );
  }
  plant('src/shared/cycle-a.ts', `import './cycle-b.ts';`);
  plant('src/shared/cycle-b.ts', `import './cycle-a.ts';`);
  plant('src/client/dev.ts', `import 'fast-check';`);
  plant('src/stray/stray.ts', '');
  output = await run(process.execPath, ['scripts/check-imports.mjs']);
});

afterAll(() => rmSync(tree, { recursive: true }));

test('every row of the import table has its forbidden imports here', async () => {
  const rows = (await readImportTable()).map((row) => row.folder);
  expect(Object.keys(forbidden).sort()).toEqual(rows.sort());
});

test.for(Object.keys(forbidden))('what %s may not import is refused', (row) => {
  for (const target of forbidden[row] ?? []) {
    const rule = typesOnly[row] === target ? `${row}: types only` : row;
    const seen = output.split('\n').filter((line) => line.includes(`error ${rule}: ${file(row, target)} →`));
    expect(seen.join('\n')).toMatch(new RegExp(`(→ |node_modules/)${target.replace('node:', '')}(/|$)`, 'm'));
  }
});

test.for(Object.entries(typesOnly))('%s may import types of %s', ([row, target]) => {
  expect(output).not.toContain(`: ${file(row, `types of ${target}`)} →`);
});

test('a loop, a development package and a folder without a row are refused', () => {
  expect(output).toContain('error no cycle: src/shared/cycle-a.ts →');
  expect(output).toContain('error installed with the package: src/client/dev.ts →');
  expect(output).toContain('src/stray/stray.ts: no row of the import table says what it may import');
});

/** Where the import of a target stands for a row; a row that is one file gets all its imports in that file. */
function file(row: string, target: string): string {
  if (row.endsWith('.ts')) return row;
  return `${row.replace('*', 'planted')}/${target.replaceAll(/[^a-z]/g, '-')}.ts`;
}

/** The import's quoted specifier; a target folder of ours gets a module to import. */
function specifier(row: string, target: string): string {
  if (!/^(gen|src|test)/.test(target)) return `'${target}'`;
  const module = `${target}/planted-target.ts`;
  writeFileSync(mkdirFor(module), 'export interface Planted { planted: true }');
  return `'${path.posix.relative(path.posix.dirname(file(row, target)), module).replace(/^(?!\.)/, './')}'`;
}

function plant(name: string, text: string): void {
  writeFileSync(mkdirFor(name), `${text}\n`, { flag: 'a' });
}

function mkdirFor(name: string): string {
  const full = path.join(tree, name);
  mkdirSync(path.dirname(full), { recursive: true });
  return full;
}

/** What the check prints; it must refuse this tree. */
async function run(command: string, args: readonly string[]): Promise<string> {
  try {
    await promisify(execFile)(command, args, { cwd: tree });
  } catch (thrown) {
    return (thrown as { stdout: string }).stdout;
  }
  throw new Error('the check found nothing to refuse');
}
