import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { repository } from './repository.ts';

const readme = readFileSync(path.join(repository, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(path.join(repository, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const sdkGuide = readFileSync(path.join(repository, 'docs/sdk.md'), 'utf8');

test.for(examplesOf(readme).concat(examplesOf(sdkGuide)))(
  'an SDK example of the documents has no type error',
  { timeout: 60_000 },
  (example) => {
    expect(example).toContain("from 'parley/client'");
    expect(typeErrors(example)).toEqual([]);
  },
);

test.for([
  ['client-options.ts', 'ClientOptions'],
  ['client-options.ts', 'RetryOptions'],
  ['client-events.ts', 'ClientEvents'],
  ['room/room-events.ts', 'RoomEvents'],
  ['call/call.ts', 'CallEvents'],
] as const)('docs/sdk.md names every field of %s: %s', ([file, name]) => {
  const fields = fieldsOf(path.join(repository, 'src/client', file), name);
  expect(fields.length).toBeGreaterThan(0);
  expect(fields.filter((field) => !sdkGuide.includes(`\`${field}\``))).toEqual([]);
});

test('every npm script that the README names exists', () => {
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map(([, name]) => name);
  expect(named).toContain('dev');
  expect(['start', 'test', ...named].filter((name) => name !== undefined && !(name in scripts))).toEqual([]);
});

test('every link of the README and the documents leads to a file', () => {
  const documents = [
    'README.md',
    'docs/architecture.md',
    'docs/coverage.md',
    'docs/deployment.md',
    'docs/errors.md',
    'docs/sdk.md',
  ];
  const broken = documents.flatMap((document) => {
    const folder = path.join(repository, path.dirname(document));
    const links = readFileSync(path.join(repository, document), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g);
    return [...links].map(([, link = '']) => link).filter((link) => !existsSync(path.join(folder, link)));
  });
  expect(broken).toEqual([]);
});

function examplesOf(document: string): string[] {
  return [...document.matchAll(/```ts\n([^]*?)```/g)].map(([, example = '']) => example);
}

/** The names of an interface's fields. */
function fieldsOf(file: string, name: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements
    .filter(ts.isInterfaceDeclaration)
    .filter((declaration) => declaration.name.text === name)
    .flatMap(({ members }) => members.map((member) => member.name?.getText(source) ?? ''));
}

/** The errors of a module that is compiled by the settings of this repository, with `parley/client` from its source. */
function typeErrors(source: string): readonly string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-readme-'));
  try {
    const file = path.join(folder, 'example.mts');
    writeFileSync(file, source);
    const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined };
    const settings = ts.getParsedCommandLineOfConfigFile(path.join(repository, 'tsconfig.json'), {}, host);
    const program = ts.createProgram([file], {
      ...settings?.options,
      paths: { 'parley/client': [path.join(repository, 'src/client/index.ts')] },
      typeRoots: [path.join(repository, 'node_modules/@types')],
    });
    return ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
