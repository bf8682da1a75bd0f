import { afterEach, expect, test } from 'vitest';
import type { Commit } from '../../src/server/port/room-log.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { addressOf, logOn, room, saying } from './log-on-redis.ts';
import { RedisServer } from './redis-server.ts';

const open: { close(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function setUp(emptyGraceMs: number) {
  const server = await RedisServer.start();
  open.push({ close: () => server.stop() });
  const node = logOn({ kind: 'server', address: addressOf(server) }, { emptyGraceMs });
  open.push(node);
  return { server, ...node };
}

/** A join of Ada's session, which her peer id is named after, as her connection sends it. */
function joining(seq: number, gen = 1, id = 'ada'): Commit {
  const member = { sessionId: id, userId: id, gen, node: 'a', info: new Uint8Array() };
  return {
    ...saying(seq, id),
    source: { id, gen, seq },
    checks: [{ kind: 'no-member', peerId: id, otherwise: ErrorCode.PEER_ID_TAKEN }],
    changes: [{ kind: 'add-member', peerId: id, member }],
  };
}

function leaving(seq: number, gen = 1, id = 'ada'): Commit {
  return {
    ...saying(seq, id),
    source: { id, gen, seq },
    changes: [{ kind: 'remove-member', peerId: id }],
  };
}

for (const emptyGraceMs of [0, 50])
  test(`R3: what a session has on its way as its room ends with a grace of ${emptyGraceMs} ms makes no member`, async () => {
    const { server, log } = await setUp(emptyGraceMs);
    const [late, first] = [joining(3), joining(1)];
    expect(await log.commit(room, first)).toMatchObject({ outcome: 'applied', again: false });
    // It ends, and who ends it takes its place first: from then on what its connection sent has no effect.
    await log.attach(room, { sessionId: 'ada', peerId: 'ada', gen: 2, node: 'a' });
    expect(await log.commit(room, leaving(2, 2))).toMatchObject({ outcome: 'applied' });
    await expect.poll(() => log.state(room)).toBeUndefined();
    expect(await server.call('EXISTS', 'room:{daily}:state')).toBe(0);
    expect(await log.commit(room, late)).toEqual({ outcome: 'stale' });
    // Nor where the room has begun anew.
    await log.commit(room, joining(1, 1, 'bob'));
    expect(await log.commit(room, late)).toEqual({ outcome: 'stale' });
    expect([...((await log.state(room))?.members.keys() ?? [])]).toEqual(['bob']);
  });

test('R3: a join that is carried out a second time after its room ended makes no member, and the next one does', async () => {
  const { log } = await setUp(0);
  await log.commit(room, joining(1));
  await log.commit(room, leaving(2));
  expect(await log.state(room)).toBeUndefined();
  expect(await log.commit(room, joining(1))).toMatchObject({ again: true, position: { offset: 0 } });
  expect(await log.state(room)).toBeUndefined();
  expect(await log.commit(room, joining(3))).toMatchObject({ again: false, position: { offset: 1 } });
  expect(await log.commit(room, joining(1))).toMatchObject({ again: true, position: { offset: 0 } });
  expect(await log.commit(room, joining(3))).toMatchObject({ again: true, position: { offset: 1 } });
});

test('what sources did in a room that ended is forgotten soon, and at once where the room did not end but was lost', async () => {
  const { server, log } = await setUp(0);
  await log.commit(room, joining(1));
  await log.commit(room, leaving(2));
  const left = Number(await server.call('PTTL', 'room:{daily}:sources'));
  expect(left).toBeGreaterThan(18_000);
  expect(left).toBeLessThanOrEqual(20_000);
  await log.commit(room, joining(3));
  expect(await server.call('PTTL', 'room:{daily}:sources')).toBe(-1);
  await server.call('DEL', 'room:{daily}:state');
  expect(await log.commit(room, joining(3))).toMatchObject({ again: false, position: { offset: 1 } });
});
