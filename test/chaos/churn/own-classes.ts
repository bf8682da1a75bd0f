import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));

/** The names of the classes that a server is made of, as a heap snapshot knows them. */
export function ownClasses(): ReadonlySet<string> {
  const texts = globSync('{server,process}/**/*.ts', { cwd: source }).map((file) =>
    readFileSync(source + file, 'utf8'),
  );
  return new Set(texts.flatMap((text) => Array.from(text.matchAll(/^(?:export )?class (\w+)/gm), namedIn)));
}

function namedIn(match: RegExpMatchArray): string {
  return match[1] ?? '';
}
