import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';
import { repository } from './repository.ts';

const isMain = (file: string) => file === 'src/start.ts' || path.basename(file) === 'main.ts';

const sources = readdirSync(path.join(repository, 'src'), { recursive: true, encoding: 'utf8' })
  .map((file) => path.posix.join('src', file.replaceAll(path.sep, '/')))
  .filter((file) => file.endsWith('.ts'));

test('only a main reads the environment of the process', () => {
  const readers = sources.filter((file) =>
    /process\.env\b/.test(readFileSync(path.join(repository, file), 'utf8')),
  );
  expect(readers).toEqual(expect.arrayContaining(['src/cli/main.ts', 'src/start.ts']));
  expect(readers.filter((file) => !isMain(file))).toEqual([]);
});

test('the lint rules hold that', async () => {
  const eslint = new ESLint({ cwd: repository });
  for (const file of sources) {
    const { rules } = (await eslint.calculateConfigForFile(file)) as {
      readonly rules: Readonly<Record<string, readonly [number] | undefined>>;
    };
    expect(rules['no-restricted-properties']?.[0], file).toBe(isMain(file) ? 0 : 2);
  }
});
