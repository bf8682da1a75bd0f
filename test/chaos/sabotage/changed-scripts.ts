import { createHash } from 'node:crypto';
import type * as Module from '../../../src/server/adapter/redis/client/redis-script.ts';
import { builtModule } from './built-module.ts';

const { RedisScript } = await builtModule<typeof Module>('server/adapter/redis/client/redis-script.ts');

/** Replaces a text in all scripts for Redis that have it. They are loaded with the modules that use them, so this comes before. */
export function changeScripts(before: string, after: string): void {
  const load = RedisScript.load.bind(RedisScript);
  RedisScript.load = (...given) => {
    const script = load(...given);
    const source = script.source.replaceAll(before, after);
    return Object.assign(script, { source, sha: createHash('sha1').update(source).digest('hex') });
  };
}
