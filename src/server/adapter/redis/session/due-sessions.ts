import type { SessionRecord } from '../../../port/session-store.ts';
import type { Redis } from '../client/redis.ts';
import { textsOf } from '../client/redis-reply.ts';
import type { OwnNodes } from './own-hints.ts';
import {
  type Hint,
  type HintName,
  hintedSession,
  type SessionHints,
  type Settling,
} from './session-hints.ts';
import { type Looked, lookedAt } from './session-record.ts';
import { runOnSession, sessionScripts } from './session-scripts.ts';

export interface DueSessionsParts {
  readonly redis: Redis;
  readonly hints: SessionHints;
  readonly own: OwnNodes;
}

/** Finds by a node's hints which of its sessions are due, and keeps the hints right. */
export class DueSessions {
  readonly #parts: DueSessionsParts;

  constructor(parts: DueSessionsParts) {
    this.#parts = parts;
  }

  /** As the port says it. Now and then some hints more are looked at, due or not: what their times missed is found by that. */
  async due(node: string, limit: number): Promise<readonly SessionRecord[]> {
    await this.settle(node, await this.#parts.own.of(node).revisit());
    const due: SessionRecord[] = [];
    for (let after = '-inf'; due.length < limit; ) {
      const page = await this.#parts.hints.due(node, after, limit);
      due.push(...(await this.settle(node, page)));
      const last = page.at(-1);
      if (last === undefined || page.length < limit) break;
      after = `(${last.score}`;
    }
    return due.slice(0, limit);
  }

  /** Corrects hints by the records that they name, and answers those that are due. One that can't be looked at stays as it is. */
  async settle(node: string, hints: readonly Hint[]): Promise<SessionRecord[]> {
    const own = this.#parts.own.of(node);
    const looks = await Promise.allSettled(hints.map(({ name }) => this.#look(node, name)));
    const due: SessionRecord[] = [];
    const settlings: Settling[] = [];
    for (const [index, look] of looks.entries()) {
      const hint = hints[index];
      if (hint === undefined || look.status === 'rejected') continue;
      const looked = look.value;
      if (looked?.record.node !== node) {
        if (own.mayRemove(hint.name)) settlings.push({ ...hint, to: 'gone' });
        continue;
      }
      const { record, lookIn: to } = looked;
      if (to === 0) due.push(record);
      const isRight = to === 'inf' ? hint.score === 'inf' : to === 0 && hint.score !== 'inf';
      if (!isRight) settlings.push({ ...hint, to });
    }
    // Nothing is awaited between `mayRemove` and this.
    await this.#parts.hints.settle(node, settlings);
    return due;
  }

  async #look(node: string, name: HintName): Promise<Looked | undefined> {
    const { redis, own } = this.#parts;
    const ref = hintedSession(name);
    const reply = await runOnSession(redis, sessionScripts.look, ref, []);
    const looked = reply === null ? undefined : lookedAt(ref, reply);
    if (looked?.lookIn !== 'inf' || looked.record.node !== node) return looked;
    const windowMs = own.of(node).windowOfForsaken(name, looked.call);
    if (windowMs === undefined) return looked;
    // With the gen that was looked at: one that a connection took since is not touched.
    const detached = await runOnSession(redis, sessionScripts.detach, ref, [looked.record.gen, windowMs]);
    if (detached === null) return looked;
    own.of(node).detached(name);
    const [, lookIn] = textsOf(detached);
    return { ...looked, lookIn: Number(lookIn) };
  }
}
