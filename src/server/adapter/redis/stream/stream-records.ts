import type { Entry, Member, ReadResult, StreamState } from '../../../port/room-log.ts';
import type { RedisReply } from '../client/redis.ts';

const entryHeadBytes = 20;

/**
 * An entry as `stream.lua` packs it, from one place in some bytes to another: epoch, offset, route and both `previous`, 32 bits each, most
 * significant byte first; then its body.
 */
export function readEntry(bytes: Buffer, at = 0, end = bytes.length): Entry {
  return {
    position: { epoch: bytes.readUInt32BE(at), offset: bytes.readUInt32BE(at + 4) },
    route: bytes.readUInt32BE(at + 8),
    previous: bytes.readUInt32BE(at + 12),
    previousToAll: bytes.readUInt32BE(at + 16),
    body: bytes.subarray(at + entryHeadBytes, end),
  };
}

/** The answer of `read.lua` for a position that is good. */
export function readEntries(reply: readonly RedisReply[]): ReadResult {
  const [epoch, top, ...packed] = reply;
  const entries = packed.map((entry) => readEntry(entry as Buffer));
  const head = { epoch: Number(epoch), offset: Number(top) };
  const last = entries.at(-1)?.position;
  const complete = last === undefined || last.offset === head.offset;
  return { good: true, entries, through: complete ? head : last, complete };
}

/** The answer of `stateOf` in `stream.lua`. */
export function readState(reply: readonly RedisReply[]): StreamState {
  const [epoch, top, lastToAll, fields, members, directed, forkedMsAgo] = reply;
  const last = new Map(pairs(directed).map(([route, offset]) => [Number(route), Number(offset)]));
  const all = pairs(members).map(([peerId, packed]) => {
    const member = readMember(packed as Buffer);
    const lastDirected = last.get(member.joined.offset) ?? 0;
    return [String(peerId), { ...member, lastDirected }] as const;
  });
  return {
    head: { epoch: Number(epoch), offset: Number(top), lastToAll: Number(lastToAll) },
    fields: new Map(pairs(fields).map(([field, value]) => [String(field), value as Buffer])),
    members: new Map(all.sort(([, one], [, other]) => one.joined.offset - other.joined.offset)),
    ...(Number(forkedMsAgo) >= 0 && { forkedMsAgo: Number(forkedMsAgo) }),
  };
}

/** Gen, offset and epoch of the join, 32 bits each; session, user and node, each with its length in 16 bits before it; the info. */
function readMember(packed: Buffer): Omit<Member, 'lastDirected'> {
  let at = 12;
  const text = () => {
    const start = at + 2;
    at = start + packed.readUInt16BE(at);
    return packed.toString('utf8', start, at);
  };
  const [sessionId, userId, node] = [text(), text(), text()];
  return {
    sessionId,
    userId,
    node,
    gen: packed.readUInt32BE(0),
    joined: { epoch: packed.readUInt32BE(8), offset: packed.readUInt32BE(4) },
    info: packed.subarray(at),
  };
}

/** A list of names and values, one after the other, by twos. */
function pairs(reply: RedisReply | undefined): (readonly [RedisReply, RedisReply])[] {
  const list = Array.isArray(reply) ? (reply as readonly RedisReply[]) : [];
  return Array.from({ length: list.length / 2 }, (_, index) => [
    list[2 * index] as RedisReply,
    list[2 * index + 1] as RedisReply,
  ]);
}
