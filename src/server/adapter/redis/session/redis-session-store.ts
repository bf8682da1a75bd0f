import { randomUUID } from 'node:crypto';
import type {
  AttachResult,
  AttachSession,
  EndReason,
  JoinRecord,
  OpenResult,
  OpenSession,
  RestoreResult,
  RestoreSession,
  SessionListener,
  SessionRecord,
  SessionRef,
  SessionStore,
} from '../../../port/session-store.ts';
import type { Redis, RedisArgument, RedisReply } from '../client/redis.ts';
import { textOf, textsOf } from '../client/redis-reply.ts';
import type { RedisScript } from '../client/redis-script.ts';
import { DueSessions } from './due-sessions.ts';
import { OwnNodes } from './own-hints.ts';
import { SessionAdoption } from './session-adoption.ts';
import { hintName, SessionHints } from './session-hints.ts';
import { SessionNotices } from './session-notices.ts';
import { isAttached, refOf, sessionRecord, sessionRecords } from './session-record.ts';
import { recordsKey, runOnSession, sessionScripts as scripts } from './session-scripts.ts';

export interface RedisSessionStoreOptions {
  readonly redis: Redis;
  /** How long a forgotten session's end is told, in milliseconds: the longest reconnection window. */
  readonly endedKeepMs: number;
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
  readonly #own: OwnNodes;
  readonly #due: DueSessions;
  readonly #adoption: SessionAdoption;

  constructor(options: RedisSessionStoreOptions) {
    this.#redis = options.redis;
    this.#endedKeepMs = options.endedKeepMs;
    this.#hints = new SessionHints(options.redis);
    this.#notices = new SessionNotices(options.redis);
    this.#own = new OwnNodes(this.#hints);
    const parts = { redis: options.redis, hints: this.#hints, own: this.#own, notices: this.#notices };
    this.#due = new DueSessions(parts);
    this.#adoption = new SessionAdoption(parts);
  }

  async open(request: OpenSession): Promise<OpenResult> {
    const { userId, secretHash, node, windowMs, policy } = request;
    const name = hintName(request);
    const taking = { call: randomUUID(), windowMs };
    const [outcome, ...texts] = await this.#own
      .of(node)
      .take(
        [name],
        async () =>
          textsOf(await this.#run(scripts.open, request, [secretHash, node, windowMs, policy, taking.call])),
        taking,
      );
    if (outcome === 'refused') {
      // Nobody else knows this session's id, so that nobody makes it the node's.
      await this.#hints.remove(node, [name]).catch(() => undefined);
      return { outcome };
    }
    this.#own.of(node).took(name);
    const replaced = sessionRecords(userId, texts);
    await Promise.all(replaced.map((record) => this.#ended(record, 'replaced')));
    return { outcome: 'opened', gen: 1, replaced: outcome === 'opened' ? replaced : [] };
  }

  async attach(request: AttachSession): Promise<AttachResult> {
    const { secretHash, node, windowMs, attempt } = request;
    const name = hintName(request);
    const own = this.#own.of(node);
    const taking = { call: randomUUID(), windowMs };
    const [outcome, text = '', before = ''] = await own.take(
      [name],
      async () =>
        textsOf(await this.#run(scripts.attach, request, [secretHash, node, windowMs, attempt, taking.call])),
      taking,
    );
    if (outcome !== 'attached') {
      await this.#due.settle(node, [{ name, score: 'inf' }]).catch(() => undefined);
      if (outcome === 'ended') return { outcome, why: text as EndReason };
      return { outcome: outcome === 'overtaken' ? outcome : 'unknown' };
    }
    own.took(name);
    const record = sessionRecord(request, text);
    await this.#notices.tell(before, [{ kind: 'taken', ref: refOf(record), gen: record.gen }]);
    return { outcome, record };
  }

  async restore(request: RestoreSession): Promise<RestoreResult> {
    const { secretHash, node, windowMs, attempt, gen, rooms } = request;
    const name = hintName(request);
    const own = this.#own.of(node);
    const args = [secretHash, node, windowMs, attempt, gen, JSON.stringify(Object.fromEntries(rooms))];
    const [outcome, text = ''] = await own.take([name], async () =>
      textsOf(await this.#run(scripts.restore, request, [...args, randomUUID()])),
    );
    const record = outcome === 'ended' ? undefined : sessionRecord(request, text);
    if (record?.node === node) own.took(name);
    else await this.#due.settle(node, [{ name, score: 'inf' }]).catch(() => undefined);
    if (record === undefined) return { outcome: 'ended', why: text as EndReason };
    if (outcome === 'restored') return { outcome, gen: record.gen };
    return { outcome: 'there', record, isAttached: isAttached(text) };
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
    this.#own.forgot(node, name);
    await this.#hints.remove(node, [name]).catch(() => undefined);
  }

  due(node: string, limit: number): Promise<readonly SessionRecord[]> {
    return this.#due.due(node, limit);
  }

  adopt(dead: string, node: string, limit: number): Promise<boolean> {
    return this.#adoption.adopt(dead, node, limit);
  }

  async sessions(userId: string): Promise<readonly SessionRecord[]> {
    const key = recordsKey(userId);
    const records = sessionRecords(userId, textsOf(await this.#redis.call(key, 'HGETALL', key)));
    return records.filter(({ ended }) => ended === undefined);
  }

  watch(node: string, listener: SessionListener): Promise<{ close(): void }> {
    return this.#notices.watch(node, listener);
  }

  /** Makes it due, and tells the node that had it. */
  async #ended(record: SessionRecord, why: EndReason): Promise<void> {
    await Promise.all([
      // Of one that was lost it is the hint that led here.
      why === 'lost' || this.#hints.set(record.node, [hintName(record)], 0).catch(() => undefined),
      this.#notices.tell(record.node, [{ kind: 'ended', ref: refOf(record), why }]),
    ]);
  }

  #run(script: RedisScript, ref: SessionRef, args: readonly RedisArgument[]): Promise<RedisReply> {
    return runOnSession(this.#redis, script, ref, args);
  }
}
