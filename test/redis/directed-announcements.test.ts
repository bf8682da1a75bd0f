import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Commit, Position } from '../../src/server/port/room-log.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { FakeClock } from '../contract/fake-clock.ts';
import { addressOf, logOn, room, saying } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

type Node = ReturnType<typeof logOn>;

/** After it a node has looked at a stream that was silent. */
const silenceMs = 6_000;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
let server: RedisServer;
let nodes: readonly [Node, Node];
let clock: FakeClock;
const heard: Record<'a' | 'b', string[]> = { a: [], b: [] };

beforeEach(async () => {
  server = await RedisServer.start();
  const place = { kind: 'server', address: addressOf(server) } as const;
  clock = new FakeClock();
  nodes = [logOn(place, { clock, node: 'a' }), logOn(place, { clock, node: 'b' })];
  for (const [index, node] of (['a', 'b'] as const).entries()) {
    heard[node] = [];
    await nodes[index]?.log.subscribe(room, {
      onEntry: ({ position }, before) => heard[node].push(`${position.offset} after ${before}`),
      onPassed: ({ offset }) => heard[node].push(`all up to ${offset}`),
      onPublished: () => undefined,
      onInterrupted: () => heard[node].push('interrupted'),
    });
  }
});

afterEach(async () => {
  for (const node of nodes) node.close();
  await server.stop();
});

function joining(peerId: string, node: string): Commit {
  const member = { sessionId: peerId, userId: peerId, gen: 1, node, info: bytes('') };
  return {
    source: { id: peerId, gen: 1, seq: 1 },
    checks: [],
    changes: [{ kind: 'add-member', peerId, member }],
    entry: { to: 'all', body: bytes('joined') },
  };
}

function relaying(seq: number, from: string, to: string, joined?: Position): Commit {
  return {
    source: { id: from, gen: 1, seq },
    checks: [
      { kind: 'member', peerId: from, otherwise: ErrorCode.NOT_IN_ROOM, ...(joined && { joined }) },
      { kind: 'member', peerId: to, otherwise: ErrorCode.PEER_NOT_FOUND },
    ],
    changes: [],
    entry: { to: { peerId: to }, body: bytes('offer') },
  };
}

/** Ada is at node a, Bob and Cid are at node b: three joins. */
async function allJoined(): Promise<Position> {
  const [{ log }] = nodes;
  for (const [peerId, node] of Object.entries({ ada: 'a', bob: 'b', cid: 'b' }))
    await log.commit(room, joining(peerId, node));
  const ada = (await log.state(room))?.members.get('ada');
  if (ada === undefined) throw new Error('Ada did not join');
  return ada.joined;
}

test('N1: what is directed to a member goes to the node that has it, and what is for all tells each node what it should have', async () => {
  const joined = await allJoined();
  const [{ log }] = nodes;
  // A batch of relays, a single one, and one by the other script.
  await Promise.all([2, 3].map((seq) => log.commit(room, relaying(seq, 'ada', 'bob', joined))));
  await log.commit(room, relaying(4, 'ada', 'cid', joined));
  await log.commit(room, relaying(5, 'ada', 'bob'));
  await log.commit(room, relaying(6, 'bob', 'ada'));
  await log.commit(room, saying(1, 'eve'));
  await expect.poll(() => heard.b.at(-1)).toBe('9 after 7');
  const joins = ['1 after 0', '2 after 1', '3 after 2'];
  expect(heard.a).toEqual([...joins, '8 after 3', '9 after 8']);
  expect(heard.b).toEqual([...joins, '4 after 3', '5 after 4', '6 after 5', '7 after 6', '9 after 7']);
});

test('N1: what is directed to a member follows it to another node with its attachment', async () => {
  const joined = await allJoined();
  const [{ log }] = nodes;
  await log.commit(room, relaying(2, 'ada', 'bob', joined));
  await log.attach(room, { sessionId: 'bob', peerId: 'bob', gen: 2, node: 'a' });
  await log.commit(room, relaying(3, 'ada', 'bob', joined));
  await log.commit(room, relaying(4, 'ada', 'cid', joined));
  await expect.poll(() => heard.b.at(-1)).toBe('6 after 4');
  expect(heard.a.slice(3)).toEqual(['5 after 3']);
  expect(heard.b.slice(3)).toEqual(['4 after 3', '6 after 4']);
  expect(await server.call('HGETALL', 'room:{daily}:directed')).toEqual(['a', '5', 'b', '6']);
});

test('a node that has no member any more is owed nothing', async () => {
  const joined = await allJoined();
  const [{ log }] = nodes;
  await log.commit(room, relaying(2, 'ada', 'bob', joined));
  expect(await server.call('HGETALL', 'room:{daily}:directed')).toEqual(['a', '0', 'b', '4']);
  for (const peerId of ['bob', 'cid']) {
    await log.commit(room, {
      source: { id: peerId, gen: 1, seq: 2 },
      checks: [],
      changes: [{ kind: 'remove-member', peerId }],
      entry: { to: 'all', body: bytes('left') },
    });
  }
  expect(await server.call('HGETALL', 'room:{daily}:directed')).toEqual(['a', '0']);
});

test('a quiet node learns how far there was nothing for it, and that there was something which was not announced', async () => {
  const joined = await allJoined();
  const [{ log }] = nodes;
  await log.commit(room, relaying(2, 'ada', 'bob', joined));
  await clock.advance(silenceMs);
  await expect.poll(() => heard.a.at(-1)).toBe('all up to 4');
  // As a message that was lost on its way leaves it.
  await server.call('HSET', 'room:{daily}:state', 'top', '5');
  await server.call('HSET', 'room:{daily}:directed', 'a', '5');
  await clock.advance(silenceMs);
  await expect.poll(() => heard.a.at(-1)).toBe('interrupted');
});
