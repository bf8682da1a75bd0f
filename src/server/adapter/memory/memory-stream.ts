import { randomInt } from 'node:crypto';
import { maxUint32 } from '../../../shared/limits.ts';
import type {
  Attachment,
  AttachmentResult,
  Change,
  Check,
  Commit,
  CommitResult,
  Entry,
  Member,
  NewEntry,
  Position,
  ReadResult,
  Source,
  StreamState,
} from '../../port/room-log.ts';
import { AppliedSeqs } from './applied-seqs.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { KeptEntries } from './kept-entries.ts';

interface StoredMember extends Member {
  gen: number;
  node: string;
  lastDirected: number;
  info: Uint8Array;
}

/** One stream in memory: its state, its log and what its sources have done. Every method is one atomic step. */
export class MemoryStream {
  readonly epoch = randomInt(1, maxUint32);
  /** When the last member left, by the monotonic clock; undefined while there is one. */
  emptySinceMs: number | undefined;
  readonly #fields = new Map<string, Uint8Array>();
  readonly #members = new Map<string, StoredMember>();
  readonly #sources = new Map<string, AppliedSeqs>();
  readonly #kept: KeptEntries;
  #top = 0;
  #lastToAll = 0;
  /** What was the top at some past moments, one a second at most: entries up to a mark are at least as old as it. */
  #marks: { readonly atMs: number; readonly top: number }[] = [];
  readonly #maxBytes: number;

  constructor(maxBytes: number, memory: EntryBlocks, nowMs: number) {
    this.#maxBytes = maxBytes;
    this.#kept = new KeptEntries(memory);
    this.emptySinceMs = nowMs;
  }

  /** Evaluates a commit; the entry, where one was added, is announced by the caller. */
  commit(commit: Commit, nowMs: number): { readonly result: CommitResult; readonly entry?: Entry } {
    const { source } = commit;
    const record = this.#sources.get(source.id);
    if (record !== undefined) {
      if (source.gen < record.gen) return { result: { outcome: 'stale' } };
      record.gen = source.gen;
      if (!record.isNew(source.seq)) {
        const offset = record.offsetOf(source.seq);
        if (offset === undefined) return { result: { outcome: 'not-applied' } };
        return { result: { outcome: 'applied', position: { epoch: this.epoch, offset }, again: true } };
      }
    }
    for (const check of commit.checks) {
      if (!this.#holds(check)) return { result: { outcome: 'refused', failed: check } };
    }
    const entry = commit.entry === undefined ? undefined : this.#append(commit.entry);
    for (const change of commit.changes) this.#apply(change, nowMs);
    this.#remember(source, record, nowMs);
    const position = entry?.position ?? { epoch: this.epoch, offset: this.#top };
    const result: CommitResult = { outcome: 'applied', position, again: false };
    return entry === undefined ? { result } : { result, entry };
  }

  attach({ sessionId, peerId, gen, node }: Attachment, nowMs: number): AttachmentResult {
    const record = this.#sources.get(sessionId) ?? new AppliedSeqs(gen);
    if (gen < record.gen) return { outcome: 'stale' };
    record.gen = gen;
    record.usedAtMs = nowMs;
    this.#sources.set(sessionId, record);
    const member = this.#members.get(peerId);
    if (member?.sessionId === sessionId) {
      member.gen = gen;
      member.node = node;
    }
    return { outcome: 'attached', state: this.state() };
  }

  read(after: Position, maxBytes: number): ReadResult {
    if (after.epoch !== this.epoch || after.offset > this.#top) return { good: false, why: 'lost' };
    if (after.offset < this.#kept.reachesBackTo) return { good: false, why: 'trimmed' };
    const entries = this.#kept.read(this.epoch, after.offset, maxBytes);
    const through = entries.at(-1)?.position ?? { epoch: this.epoch, offset: after.offset };
    return { good: true, entries, through, complete: through.offset === this.#top };
  }

  state(): StreamState {
    return {
      head: { epoch: this.epoch, offset: this.#top, lastToAll: this.#lastToAll },
      fields: new Map(this.#fields),
      members: new Map(Array.from(this.#members, ([peerId, member]) => [peerId, { ...member }])),
    };
  }

  /** Drops what is older than `keepMs`, by the marks, and sets a mark. Forgets sources that are not members and have been quiet that long. */
  sweep(nowMs: number, keepMs: number): void {
    let reach = 0;
    while (this.#marks[0] !== undefined && this.#marks[0].atMs <= nowMs - keepMs) {
      reach = this.#marks.shift()?.top ?? reach;
    }
    this.#kept.dropThrough(reach);
    if (this.#top > (this.#marks.at(-1)?.top ?? this.#kept.reachesBackTo))
      this.#marks.push({ atMs: nowMs, top: this.#top });
    const members = new Set(Array.from(this.#members.values(), (member) => member.sessionId));
    for (const [id, record] of this.#sources) {
      if (record.usedAtMs <= nowMs - keepMs && !members.has(id)) this.#sources.delete(id);
    }
  }

  /** Gives the memory of its entries back: it is forgotten, and not to be used any more. */
  dispose(): void {
    this.#kept.dropThrough(this.#top);
  }

  #holds(check: Check): boolean {
    switch (check.kind) {
      case 'exists':
        return this.#fields.has(check.field);
      case 'absent':
        return !this.#fields.has(check.field);
      case 'equals': {
        const value = this.#fields.get(check.field);
        return value !== undefined && Buffer.compare(value, check.value) === 0;
      }
      case 'member': {
        const member = this.#members.get(check.peerId);
        return member !== undefined && isThisMember(member, check);
      }
      case 'no-member':
        return !this.#members.has(check.peerId);
      case 'members-below':
        return this.#members.size < check.limit;
    }
  }

  #append(entry: NewEntry): Entry {
    const receiver = entry.to === 'all' ? undefined : this.#members.get(entry.to.peerId);
    if (entry.to !== 'all' && receiver === undefined) {
      throw new Error('a directed entry needs a check that its receiver is a member');
    }
    const offset = ++this.#top;
    const appended: Entry = {
      position: { epoch: this.epoch, offset },
      route: receiver?.joined.offset ?? 0,
      previous: receiver?.lastDirected ?? this.#lastToAll,
      previousToAll: this.#lastToAll,
      body: entry.body,
    };
    if (receiver === undefined) this.#lastToAll = offset;
    else receiver.lastDirected = offset;
    this.#kept.append(appended);
    while (this.#kept.bytes > this.#maxBytes && this.#kept.count > 1)
      this.#kept.dropThrough(this.#kept.reachesBackTo + 1);
    return appended;
  }

  #apply(change: Change, nowMs: number): void {
    switch (change.kind) {
      case 'set':
        this.#fields.set(change.field, change.value);
        break;
      case 'delete':
        this.#fields.delete(change.field);
        break;
      case 'add-member':
        this.#members.set(change.peerId, {
          ...change.member,
          joined: { epoch: this.epoch, offset: this.#top },
          lastDirected: 0,
        });
        this.emptySinceMs = undefined;
        break;
      case 'update-member': {
        const member = this.#members.get(change.peerId);
        if (member !== undefined) member.info = change.info;
        break;
      }
      case 'remove-member':
        if (this.#members.delete(change.peerId) && this.#members.size === 0) this.emptySinceMs = nowMs;
        break;
      case 'remove-all-members':
        if (this.#members.size > 0) this.emptySinceMs = nowMs;
        this.#members.clear();
        break;
    }
  }

  #remember({ id, gen, seq }: Source, known: AppliedSeqs | undefined, nowMs: number): void {
    const record = known ?? new AppliedSeqs(gen);
    if (known === undefined) this.#sources.set(id, record);
    record.usedAtMs = nowMs;
    record.add(seq, this.#top);
  }
}

function isThisMember({ joined, gen }: StoredMember, asked: Check & { kind: 'member' }): boolean {
  const { joined: at, maxGen } = asked;
  if (at !== undefined && (at.offset !== joined.offset || at.epoch !== joined.epoch)) return false;
  return maxGen === undefined || gen <= maxGen;
}
