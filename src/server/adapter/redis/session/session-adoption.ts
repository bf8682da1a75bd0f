import { randomUUID } from 'node:crypto';
import type { SessionRecord } from '../../../port/session-store.ts';
import type { Redis } from '../client/redis.ts';
import type { OwnNodes } from './own-hints.ts';
import { type HintName, hintedSession, type SessionHints } from './session-hints.ts';
import type { SessionNotices } from './session-notices.ts';
import { lookedAt, refOf } from './session-record.ts';
import { runOnSession, sessionScripts } from './session-scripts.ts';

export interface SessionAdoptionParts {
  readonly redis: Redis;
  readonly hints: SessionHints;
  readonly own: OwnNodes;
  readonly notices: SessionNotices;
}

/** Makes sessions of a dead node another's: first the hints there, then the records, then the hints of the dead node. */
export class SessionAdoption {
  readonly #parts: SessionAdoptionParts;

  constructor(parts: SessionAdoptionParts) {
    this.#parts = parts;
  }

  /** As the port says it. */
  async adopt(dead: string, node: string, limit: number): Promise<boolean> {
    if (dead === node) return this.#adoptOwn(node, limit);
    const names = await this.#parts.hints.some(dead, limit);
    await this.#adopt(dead, node, names, (adopted) => this.#parts.hints.remove(dead, adopted));
    return names.length > 0;
  }

  /** What an earlier process of the node left; what this one has taken meanwhile is left alone. */
  async #adoptOwn(node: string, limit: number): Promise<boolean> {
    const own = this.#parts.own.of(node);
    const { names, done } = await own.left(limit);
    const left = names.filter((name) => !own.hasTaken(name));
    await this.#adopt(node, node, left, () => Promise.resolve());
    done();
    return names.length > 0;
  }

  /**
   * Rejects after all were tried, where one could not be: it is still the dead node's. `removeHints`: of those that are not the
   * dead node's any more.
   */
  async #adopt(
    dead: string,
    node: string,
    names: readonly HintName[],
    removeHints: (names: readonly HintName[]) => Promise<void>,
  ): Promise<void> {
    const own = this.#parts.own.of(node);
    // To be looked at at once: that corrects each, and removes those that were not the dead node's.
    await this.#parts.hints.set(node, names, 0);
    const tried = await own.take(names, () =>
      Promise.allSettled(names.map((name) => this.#adoptOne(dead, node, name))),
    );
    await removeHints(names.filter((_, index) => tried[index]?.status === 'fulfilled'));
    const adopted = tried.flatMap((result) => (result.status === 'fulfilled' && result.value) || []);
    await this.#parts.notices.tell(
      dead,
      adopted.map((record) => ({ kind: 'adopted', ref: refOf(record), gen: record.gen })),
    );
    for (const result of tried) if (result.status === 'rejected') throw result.reason;
  }

  /** Undefined: it was not the dead node's any more, or had ended, so that nothing of it is news. */
  async #adoptOne(dead: string, node: string, name: HintName): Promise<SessionRecord | undefined> {
    const ref = hintedSession(name);
    // Also where that can't be known.
    const took = () => this.#parts.own.of(node).took(name);
    const reply = await runOnSession(this.#parts.redis, sessionScripts.adopt, ref, [
      dead,
      node,
      randomUUID(),
    ]).catch((error: unknown) => {
      took();
      throw error;
    });
    if (reply === null) return undefined;
    took();
    const { record } = lookedAt(ref, reply);
    return record.ended === undefined ? record : undefined;
  }
}
