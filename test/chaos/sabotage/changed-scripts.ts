import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as Module from '../../../src/server/adapter/redis/client/redis-script.ts';
import { builtModule, builtUrl } from './built-module.ts';

const { RedisScript } = await builtModule<typeof Module>('server/adapter/redis/client/redis-script.ts');

const scripts = readdirSync(new URL('.', builtUrl('server/adapter/redis/redis-node-leases.ts')), {
  recursive: true,
  withFileTypes: true,
})
  .filter(({ name }) => name.endsWith('.lua'))
  .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));

/** Replaces a text in all scripts for Redis that have it. They are loaded with the modules that use them, so this comes before. */
export function changeScripts(before: string, after: string): void {
  if (!scripts.some((script) => script.includes(before))) throw new Error(`no script has: ${before}`);
  const load = RedisScript.load.bind(RedisScript);
  RedisScript.load = (...given) => {
    const script = load(...given);
    const source = script.source.replaceAll(before, after);
    return Object.assign(script, { source, sha: createHash('sha1').update(source).digest('hex') });
  };
}
