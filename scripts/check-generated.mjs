// Generates from proto/ into a temporary folder and compares with gen/, which stays as it is.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const fresh = mkdtempSync(path.join(tmpdir(), 'parley-gen-'));
try {
  const buf = spawnSync('buf', ['generate', '--output', fresh], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (buf.status !== 0) throw new Error('buf generate failed');

  const expected = readTree(path.join(fresh, 'gen'));
  const committed = readTree('gen');
  const stale = [...new Set([...expected.keys(), ...committed.keys()])]
    .filter((file) => expected.get(file) !== committed.get(file))
    .sort();
  for (const file of stale) {
    const what = !committed.has(file)
      ? 'missing'
      : expected.has(file)
        ? 'not what proto/ says'
        : 'no longer generated';
    console.log(`gen/${file}: ${what}`);
  }
  if (expected.size === 0) console.log('nothing was generated');
  else if (stale.length > 0) console.log('run: npm run generate');
  else console.log(`${expected.size} generated files are current`);
  process.exitCode = stale.length > 0 || expected.size === 0 ? 1 : 0;
} finally {
  rmSync(fresh, { recursive: true });
}

function readTree(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files.map((entry) => {
      const full = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, full), readFileSync(full, 'utf8')];
    }),
  );
}
