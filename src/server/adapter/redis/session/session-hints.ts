import type { SessionRef } from '../../../port/session-store.ts';
import type { Redis } from '../client/redis.ts';
import { textsOf } from '../client/redis-reply.ts';
import { RedisScript } from '../client/redis-script.ts';

const script = (file: string) => RedisScript.load(import.meta.url, 'hints.lua', file);
const addScript = script('hints-add.lua');
const setScript = script('hints-set.lua');
const dueScript = script('hints-due.lua');
const fromScript = script('hints-from.lua');
const settleScript = script('hints-settle.lua');

/** A session as a hint names it: JSON of user id and session id. */
export type HintName = string;

/** A session that a node may have, and when to look at it: by the clock of the node's slot, in its own words. */
export interface Hint {
  readonly name: HintName;
  readonly score: string;
}

/** When to look at a session: in so many milliseconds, or not while a connection has it. */
export type LookIn = number | 'inf';

export interface Settling extends Hint {
  /** What its record said after the hint was read. `gone`: the node has it no more. */
  readonly to: LookIn | 'gone';
}

export function hintName({ userId, sessionId }: SessionRef): HintName {
  return JSON.stringify([userId, sessionId]);
}

export function hintedSession(name: HintName): SessionRef {
  const [userId = '', sessionId = ''] = JSON.parse(name) as readonly string[];
  return { userId, sessionId };
}

/**
 * Which sessions a node may have (`node:{n}:sessions`), in the node's slot. It names too many, never too few: a hint is added
 * before a session becomes the node's, and removed after it is another's. Nothing is decided by it: the record in the user's slot says.
 */
export class SessionHints {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Without a time to look, where there is no hint yet. */
  async add(node: string, names: readonly HintName[]): Promise<void> {
    if (names.length > 0) await this.#redis.run(addScript, [keyOf(node)], names);
  }

  /** With this time to look, whether there is a hint or not. */
  async set(node: string, names: readonly HintName[], lookIn: LookIn): Promise<void> {
    const args = names.flatMap((name) => [lookIn, name]);
    if (args.length > 0) await this.#redis.run(setScript, [keyOf(node)], args);
  }

  /** Those whose time has come and whose score is above `after`, the earliest first. */
  async due(node: string, after: string, limit: number): Promise<readonly Hint[]> {
    return hintsOf(await this.#redis.run(dueScript, [keyOf(node)], [after, limit]));
  }

  /** Those from a rank on, in the order of their times. */
  async from(node: string, rank: number, limit: number): Promise<readonly Hint[]> {
    return hintsOf(await this.#redis.run(fromScript, [keyOf(node)], [rank, limit]));
  }

  /** Some at random: several that adopt from one node seldom take the same. */
  async some(node: string, limit: number): Promise<readonly HintName[]> {
    return textsOf(await this.#redis.call(keyOf(node), 'ZRANDMEMBER', keyOf(node), limit));
  }

  /** Writes what the records said. A hint that was written since stays as it is: a record may have changed since it was looked at. */
  async settle(node: string, settlings: readonly Settling[]): Promise<void> {
    const args = settlings.flatMap(({ name, score, to }) => [name, score, to]);
    if (args.length > 0) await this.#redis.run(settleScript, [keyOf(node)], args);
  }

  /** Only of sessions that can't become the node's again. */
  async remove(node: string, names: readonly HintName[]): Promise<void> {
    if (names.length > 0) await this.#redis.call(keyOf(node), 'ZREM', keyOf(node), ...names);
  }
}

function keyOf(node: string): string {
  return `node:{${node}}:sessions`;
}

function hintsOf(reply: Parameters<typeof textsOf>[0]): Hint[] {
  const texts = textsOf(reply);
  const hints: Hint[] = [];
  for (let i = 0; i + 1 < texts.length; i += 2)
    hints.push({ name: texts[i] ?? '', score: texts[i + 1] ?? '' });
  return hints;
}
