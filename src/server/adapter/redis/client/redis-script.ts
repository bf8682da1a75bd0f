import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type PackedArguments, packedArguments, scriptCommandName } from './packed-arguments.ts';

/** All that were read. */
const loaded: RedisScript[] = [];

/** A Lua script. Nothing in it may fail after its first write: what was written stays. */
export class RedisScript {
  readonly name: string;
  readonly source: string;
  /** By which a server that has it knows it: SHA-1 of the source, in hexadecimal. */
  readonly sha: string;
  readonly #calls = new WeakMap<readonly string[], PackedArguments>();

  private constructor(name: string, body: string) {
    this.name = name;
    // With this first line a server that can't write (no memory, no disk, too few replicas) refuses before anything is done.
    this.source = `#!lua\n${body}`;
    this.sha = createHash('sha1').update(this.source).digest('hex');
  }

  /** What a call begins with: the command, the script and its keys. Made once for each list of keys that stays. */
  callOn(keys: readonly string[]): PackedArguments {
    const known = this.#calls.get(keys);
    if (known !== undefined) return known;
    const call = packedArguments([scriptCommandName, this.sha, String(keys.length), ...keys]);
    this.#calls.set(keys, call);
    return call;
  }

  /** Every script that the process may run: what a server is made to know when a connection to it opens. */
  static get all(): readonly RedisScript[] {
    return loaded;
  }

  /** Reads a script from files beside a module: what it has in common with others, then its own. */
  static load(moduleUrl: string, ...files: readonly string[]): RedisScript {
    const parts = files.map((file) => readFileSync(new URL(file, moduleUrl), 'utf8'));
    const script = new RedisScript(files.at(-1) ?? '', parts.join('\n'));
    loaded.push(script);
    return script;
  }
}
