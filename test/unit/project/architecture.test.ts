import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type ImportRow, readImportTable } from './import-table.ts';
import { repository } from './repository.ts';

test('the folder table of the architecture says what the import check holds', async () => {
  const documented = readFileSync(path.join(repository, 'docs/architecture.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, folder, , mayImport]) => ({ folder: folder?.replaceAll('`', ''), mayImport }));
  const held = (await readImportTable()).map((row) => ({ folder: row.folder, mayImport: inWords(row) }));
  expect(documented).toEqual(held);
});

function inWords({ own = [], types = [] }: ImportRow): string {
  const names = [...own, ...types.map((name) => `types of ${name}`)].map((name) => name.replace('src/', ''));
  return names.join(', ') || '—';
}
