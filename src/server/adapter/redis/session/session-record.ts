import type { EndReason, JoinRecord, SessionRecord, SessionRef } from '../../../port/session-store.ts';
import type { RedisReply } from '../client/redis.ts';
import { textsOf } from '../client/redis-reply.ts';
import type { LookIn } from './session-hints.ts';

/** A record as the scripts keep it, as far as it is read here. */
interface StoredRecord {
  readonly gen: number;
  readonly node: string;
  readonly windowMs: number;
  readonly rooms: Readonly<Record<string, JoinRecord>>;
  readonly phase: 'attached' | 'detached' | 'ended';
  readonly ended?: EndReason;
  readonly openedMs: number;
  readonly call: string;
}

/** A record from the JSON of the user's slot. */
export function sessionRecord({ userId, sessionId }: SessionRef, json: string): SessionRecord {
  const { gen, node, windowMs, rooms, ended } = JSON.parse(json) as StoredRecord;
  const joins = new Map(Object.entries(rooms));
  return { userId, sessionId, gen, node, windowMs, rooms: joins, ...(ended && { ended }) };
}

/** Whether a connection has the session of a record. */
export function isAttached(json: string): boolean {
  return (JSON.parse(json) as StoredRecord).phase === 'attached';
}

/** Records from session ids, each before its JSON; those that were opened earlier first. */
export function sessionRecords(userId: string, texts: readonly string[]): SessionRecord[] {
  const opened: { readonly atMs: number; readonly record: SessionRecord }[] = [];
  for (let i = 0; i + 1 < texts.length; i += 2) {
    const [sessionId = '', json = ''] = texts.slice(i, i + 2);
    const { openedMs } = JSON.parse(json) as StoredRecord;
    opened.push({ atMs: openedMs, record: sessionRecord({ userId, sessionId }, json) });
  }
  const order = (id: string, other: string) => (id < other ? -1 : 1);
  opened.sort((a, b) => a.atMs - b.atMs || order(a.record.sessionId, b.record.sessionId));
  return opened.map(({ record }) => record);
}

/** A record as its slot has it now, and when to look at it again. */
export interface Looked {
  readonly record: SessionRecord;
  readonly lookIn: LookIn;
  /** The call that gave it to its node. */
  readonly call: string;
}

export function lookedAt(ref: SessionRef, reply: RedisReply): Looked {
  const [json = '', lookIn] = textsOf(reply);
  const { call } = JSON.parse(json) as StoredRecord;
  return { record: sessionRecord(ref, json), lookIn: lookIn === 'inf' ? 'inf' : Number(lookIn), call };
}

export function refOf({ userId, sessionId }: SessionRef): SessionRef {
  return { userId, sessionId };
}
