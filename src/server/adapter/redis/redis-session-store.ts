import { randomUUID } from 'node:crypto';
import type {
  AttachResult,
  AttachSession,
  EndReason,
  JoinRecord,
  OpenResult,
  OpenSession,
  SessionNotice,
  SessionRecord,
  SessionRef,
  SessionStore,
} from '../../port/session-store.ts';
import { OwnHints } from './own-hints.ts';
import type { Redis, RedisArgument, RedisReply } from './redis.ts';
import { itemsOf, textOf, textsOf } from './redis-reply.ts';
import type { RedisScript } from './redis-script.ts';
import {
  type Hint,
  type HintName,
  hintedSession,
  hintName,
  type LookIn,
  SessionHints,
  type Settling,
} from './session-hints.ts';
import { SessionNotices } from './session-notices.ts';
import { sessionRecord, sessionRecords } from './session-record.ts';
import { sessionScripts as scripts } from './session-scripts.ts';

export interface RedisSessionStoreOptions {
  readonly redis: Redis;
  /** How long a forgotten session's end is told, in milliseconds: the longest reconnection window. */
  readonly endedKeepMs: number;
}

/** A record as its slot has it now, and when to look at it again. */
interface Looked {
  readonly record: SessionRecord;
  readonly lookIn: LookIn;
}

/**
 * Sessions in Redis. Each call is one script in the user's slot, which decides; the hints of nodes, which are in slots of their own,
 * are written before it where it may give a session to a node, and after it otherwise. What comes after it may be lost: the
 * scan in `due` finds it.
 */
export class RedisSessionStore implements SessionStore {
  readonly #redis: Redis;
  readonly #endedKeepMs: number;
  readonly #hints: SessionHints;
  readonly #notices: SessionNotices;
  /** By node: of those whose process this is. */
  readonly #own = new Map<string, OwnHints>();

  constructor(options: RedisSessionStoreOptions) {
    this.#redis = options.redis;
    this.#endedKeepMs = options.endedKeepMs;
    this.#hints = new SessionHints(options.redis);
    this.#notices = new SessionNotices(options.redis);
  }

  async open(request: OpenSession): Promise<OpenResult> {
    const { userId, secretHash, node, windowMs, policy } = request;
    const name = hintName(request);
    const [outcome, ...texts] = await this.#ownOf(node).take(name, async () =>
      textsOf(await this.#run(scripts.open, request, [secretHash, node, windowMs, policy, randomUUID()])),
    );
    if (outcome === 'refused') {
      // Nobody else knows this session's id, so that nobody makes it the node's.
      await this.#hints.remove(node, [name]).catch(() => undefined);
      return { outcome };
    }
    this.#ownOf(node).took(name);
    const replaced = sessionRecords(userId, texts);
    await Promise.all(replaced.map((record) => this.#ended(record, 'replaced')));
    return { outcome: 'opened', gen: 1, replaced: outcome === 'opened' ? replaced : [] };
  }

  async attach(request: AttachSession): Promise<AttachResult> {
    const { secretHash, node, windowMs, attempt } = request;
    const name = hintName(request);
    const own = this.#ownOf(node);
    const [outcome, text = '', before = ''] = await own.take(name, async () =>
      textsOf(await this.#run(scripts.attach, request, [secretHash, node, windowMs, attempt, randomUUID()])),
    );
    if (outcome !== 'attached') {
      await this.#settle(node, [{ name, score: 'inf' }]).catch(() => undefined);
      if (outcome === 'ended') return { outcome, why: text as EndReason };
      return { outcome: outcome === 'overtaken' ? outcome : 'unknown' };
    }
    own.took(name);
    const record = sessionRecord(request, text);
    await this.#notices.tell(before, { kind: 'taken', ref: refOf(record), gen: record.gen });
    return { outcome, record };
  }

  async detach(ref: SessionRef, gen: number, windowMs: number): Promise<boolean> {
    const reply = await this.#run(scripts.detach, ref, [gen, windowMs]);
    if (reply === null) return false;
    const [node = '', lookIn] = textsOf(reply);
    // Its node says it again where this fails.
    await this.#hints.set(node, [hintName(ref)], Number(lookIn));
    return true;
  }

  async addRoom(ref: SessionRef, gen: number, roomId: string, join: JoinRecord): Promise<boolean> {
    return (await this.#run(scripts.addRoom, ref, [gen, roomId, join.peerId, join.join])) === 1;
  }

  async removeRoom(ref: SessionRef, gen: number, roomId: string, join: string): Promise<void> {
    await this.#run(scripts.removeRoom, ref, [gen, roomId, join]);
  }

  async end(ref: SessionRef, gen: number, reason: EndReason): Promise<SessionRecord | undefined> {
    const reply = await this.#run(scripts.end, ref, [gen, reason]);
    if (reply === null) return undefined;
    const record = sessionRecord(ref, textOf(reply));
    await this.#ended(record, record.ended ?? reason);
    return record;
  }

  async forget(ref: SessionRef): Promise<void> {
    const reply = await this.#run(scripts.forget, ref, [this.#endedKeepMs]);
    if (reply === null) return;
    const [node, name] = [textOf(reply), hintName(ref)];
    this.#own.get(node)?.forgot(name);
    await this.#hints.remove(node, [name]).catch(() => undefined);
  }

  async due(node: string, limit: number): Promise<readonly SessionRecord[]> {
    const own = this.#ownOf(node);
    await own.restore();
    await this.#settle(node, await own.scan());
    const due: SessionRecord[] = [];
    for (let after = '-inf'; due.length < limit; ) {
      const page = await this.#hints.due(node, after, limit);
      due.push(...(await this.#settle(node, page)));
      const last = page.at(-1);
      if (last === undefined || page.length < limit) break;
      after = `(${last.score}`;
    }
    return due.slice(0, limit);
  }

  async adopt(dead: string, node: string, limit: number): Promise<boolean> {
    if (dead === node) return this.#adoptOwn(node, limit);
    const names = await this.#hints.some(dead, limit);
    await this.#adopt(dead, node, names, (adopted) => this.#hints.remove(dead, adopted));
    return names.length > 0;
  }

  async sessions(userId: string): Promise<readonly SessionRecord[]> {
    const key = sessionKeys({ userId, sessionId: '' })[0];
    const records = sessionRecords(userId, textsOf(await this.#redis.call(key, 'HGETALL', key)));
    return records.filter(({ ended }) => ended === undefined);
  }

  watch(node: string, listener: (notice: SessionNotice) => void): Promise<{ close(): void }> {
    return this.#notices.watch(node, listener);
  }

  /** What an earlier process of the node left; what this one has taken meanwhile is left alone. */
  async #adoptOwn(node: string, limit: number): Promise<boolean> {
    const own = this.#ownOf(node);
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
    const own = this.#ownOf(node);
    // To be looked at at once: that corrects each, and removes those that were not the dead node's.
    await this.#hints.set(node, names, 0);
    const adopted = await Promise.allSettled(
      names.map((name) => own.take(name, () => this.#adoptOne(dead, node, name))),
    );
    await removeHints(names.filter((_, index) => adopted[index]?.status === 'fulfilled'));
    for (const result of adopted) if (result.status === 'rejected') throw result.reason;
  }

  async #adoptOne(dead: string, node: string, name: HintName): Promise<void> {
    const ref = hintedSession(name);
    const reply = await this.#run(scripts.adopt, ref, [dead, node, randomUUID()]);
    if (reply === null) return;
    this.#ownOf(node).took(name);
    const { gen, ended } = lookedAt(ref, reply).record;
    if (ended === undefined) await this.#notices.tell(dead, { kind: 'adopted', ref, gen });
  }

  /** Makes it due, and tells the node that had it. */
  async #ended(record: SessionRecord, why: EndReason): Promise<void> {
    await Promise.all([
      // Of one that was lost it is the hint that led here.
      why === 'lost' || this.#hints.set(record.node, [hintName(record)], 0).catch(() => undefined),
      this.#notices.tell(record.node, { kind: 'ended', ref: refOf(record), why }),
    ]);
  }

  /** Corrects hints by the records that they name, and answers those that are due. One that can't be looked at stays as it is. */
  async #settle(node: string, hints: readonly Hint[]): Promise<SessionRecord[]> {
    const looks = await Promise.allSettled(hints.map(({ name }) => this.#look(hintedSession(name))));
    const due: SessionRecord[] = [];
    const settlings: Settling[] = [];
    for (const [index, look] of looks.entries()) {
      const hint = hints[index];
      if (hint === undefined || look.status === 'rejected') continue;
      const looked = look.value;
      if (looked?.record.node !== node) {
        if (this.#ownOf(node).mayRemove(hint.name)) settlings.push({ ...hint, to: 'gone' });
        continue;
      }
      const { record, lookIn: to } = looked;
      if (to === 0) due.push(record);
      const isRight = to === 'inf' ? hint.score === 'inf' : to === 0 && hint.score !== 'inf';
      if (!isRight) settlings.push({ ...hint, to });
    }
    // Nothing is awaited between `mayRemove` and this.
    await this.#hints.settle(node, settlings);
    return due;
  }

  async #look(ref: SessionRef): Promise<Looked | undefined> {
    const reply = await this.#run(scripts.look, ref, []);
    return reply === null ? undefined : lookedAt(ref, reply);
  }

  #run(script: RedisScript, ref: SessionRef, args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#redis.run(script, sessionKeys(ref), [ref.sessionId, ...args]);
  }

  #ownOf(node: string): OwnHints {
    const own = this.#own.get(node) ?? new OwnHints(this.#hints, node);
    this.#own.set(node, own);
    return own;
  }
}

/** The keys of a session's scripts, all in the user's slot: ids have no braces. */
function sessionKeys({ userId, sessionId }: SessionRef): [string, ...string[]] {
  const user = `user:{${userId}}`;
  return [`${user}:sessions`, `${user}:node`, `disconnecting:{${userId}}`, `${user}:ended:${sessionId}`];
}

function lookedAt(ref: SessionRef, reply: RedisReply): Looked {
  const [json, lookIn] = itemsOf(reply).map(textOf);
  return { record: sessionRecord(ref, json ?? ''), lookIn: lookIn === 'inf' ? 'inf' : Number(lookIn) };
}

function refOf({ userId, sessionId }: SessionRef): SessionRef {
  return { userId, sessionId };
}
