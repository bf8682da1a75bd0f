import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { settings } from '../../../src/process/settings.ts';

const document = readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8');
const rows = [...document.matchAll(/^\| `([A-Z_]+)` *\| (.*?) *\| (.+?) *\|$/gm)];
/** Their defaults depend on something and stand in words. */
const inWords = ['NODE_ID', 'LOG_FORMAT', 'LOG_HASH_KEY'];

test('L3: the document lists exactly the settings that there are', () => {
  const names = rows.map(([, name]) => name);
  expect(names.toSorted()).toEqual(Object.keys(settings).toSorted());
  expect(new Set(names).size).toBe(names.length);
});

test('L3: the defaults in the document are those of the code', () => {
  const documented = Object.fromEntries(rows.map(([, name = '', fallback]) => [name, fallback]));
  for (const [name, setting] of Object.entries(settings)) {
    const expected = 'fallback' in setting ? `\`${setting.fallback}\`` : 'none';
    if (inWords.includes(name)) expect(documented[name], name).not.toMatch(/^(none|`[^`]*`)$/);
    else expect(documented[name], name).toBe(expected);
  }
});
