import type { Change, Check, Commit, CommitResult, NewEntry, Position } from '../../../port/room-log.ts';
import type { RedisArgument, RedisReply } from '../client/redis.ts';

/** A relay: an entry for one member, from another that is still the one it was. The lean script takes it. */
export interface RelayCommit extends Commit {
  readonly checks: readonly [
    Check & { readonly kind: 'member'; readonly joined: Position },
    Check & { readonly kind: 'member' },
  ];
  readonly entry: NewEntry & { readonly to: { readonly peerId: string } };
}

export function isRelay(commit: Commit): commit is RelayCommit {
  const { checks, changes, entry } = commit;
  const [sender, receiver] = checks;
  return (
    entry !== undefined &&
    entry.to !== 'all' &&
    changes.length === 0 &&
    checks.length === 2 &&
    sender?.kind === 'member' &&
    sender.joined !== undefined &&
    sender.maxGen === undefined &&
    receiver?.kind === 'member' &&
    receiver.joined === undefined &&
    receiver.maxGen === undefined &&
    receiver.peerId === entry.to.peerId
  );
}

/** Adds one relay as `relay.lua` takes it: few arguments, as each costs both sides. In an id is no blank. */
export function pushRelay(args: RedisArgument[], { source, checks: [sender], entry }: RelayCommit): void {
  const { epoch, offset } = sender.joined;
  args.push(
    `${source.id} ${source.gen} ${source.seq} ${sender.peerId} ${epoch} ${offset} ${entry.to.peerId}`,
    entry.body,
  );
}

/** What `relay.lua` answers: for each relay as many bytes. */
export function relayResults(relays: readonly RelayCommit[], packed: Buffer): readonly CommitResult[] {
  return relays.map((relay, index) => {
    const at = index * resultBytes;
    return resultOf(relay, packed.readUInt8(at), packed.readUInt32BE(at + 1), packed.readUInt32BE(at + 5));
  });
}

const resultBytes = 9;

/** As `commit.lua` takes a commit. */
export function commitArguments({ source, checks, changes, entry }: Commit): readonly RedisArgument[] {
  return [
    source.id,
    source.gen,
    source.seq,
    checks.length,
    ...checks.flatMap((check) => filled(4, [check.kind, ...checkArguments(check)])),
    changes.length,
    ...changes.flatMap((change) => filled(6, [change.kind, ...changeArguments(change)])),
    ...entryArguments(entry),
  ];
}

/** What `commit.lua` answers. */
export function commitResult(commit: Commit, reply: RedisReply): CommitResult {
  const [code = 0, first = 0, second = 0] = reply as readonly number[];
  return resultOf(commit, code, first, second);
}

/** `first` and `second` are an epoch and an offset, or `first` is which check failed. */
function resultOf(commit: Commit, code: number, first: number, second: number): CommitResult {
  switch (code) {
    case 0:
      return { outcome: 'refused', failed: commit.checks[first] as Check };
    case 1:
    case 2:
      return { outcome: 'applied', position: { epoch: first, offset: second }, again: code === 2 };
    case 3:
      return { outcome: 'stale' };
    default:
      return { outcome: 'not-applied' };
  }
}

function checkArguments(check: Check): readonly RedisArgument[] {
  switch (check.kind) {
    case 'exists':
    case 'absent':
      return [check.field];
    case 'equals':
      return [check.field, check.value];
    case 'member':
      return [check.peerId, check.joined?.epoch ?? '', check.joined?.offset ?? '', check.maxGen ?? ''];
    case 'no-member':
      return [check.peerId];
    case 'members-below':
      return [check.limit];
  }
}

function changeArguments(change: Change): readonly RedisArgument[] {
  switch (change.kind) {
    case 'set':
      return [change.field, change.value];
    case 'delete':
      return [change.field];
    case 'add-member': {
      const { sessionId, userId, gen, node, info } = change.member;
      return [change.peerId, sessionId, userId, gen, node, info];
    }
    case 'update-member':
      return [change.peerId, change.info];
    case 'remove-member':
      return [change.peerId];
    case 'remove-all-members':
      return [];
  }
}

function entryArguments(entry: NewEntry | undefined): readonly RedisArgument[] {
  if (entry === undefined) return ['none', '', ''];
  return entry.to === 'all' ? ['all', '', entry.body] : ['one', entry.to.peerId, entry.body];
}

/** A kind with as many arguments as the script expects of each. */
function filled(count: number, parts: readonly RedisArgument[]): readonly RedisArgument[] {
  return Array.from({ length: count + 1 }, (_, index) => parts[index] ?? '');
}
