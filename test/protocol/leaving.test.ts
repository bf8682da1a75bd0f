import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { LeaveReason } from '../../gen/parley/signal/v1/room_pb.ts';
import { ErrorCode } from '../../src/shared/signal-error.ts';
import { errorOf, startRoomServer } from './room-server.ts';

const graceMs = 1_000;
const { signIn } = await startRoomServer({ ROOM_EMPTY_GRACE_MS: String(graceMs) });

test('R3: leaving, a lost connection past its window and a kick each give one peer_left with its reason, a closed room one RoomClosed for all who were in it', async () => {
  const [host, leaver, loser, kicked, watcher] = [
    await signIn('alice'),
    await signIn('bob'),
    await signIn('carol'),
    await signIn('dave'),
    await signIn('erin'),
  ];
  const [peerL, peerC, peerK, peerW, peerH] = [
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomUUID(),
  ];
  await host.join('leaving', peerH);
  await leaver.join('leaving', peerL);
  await loser.join('leaving', peerC);
  await kicked.join('leaving', peerK);
  await watcher.join('leaving', peerW);
  await leaver.request({ case: 'leaveRoom', value: { roomId: 'leaving' } });
  await host.request({ case: 'kickPeer', value: { roomId: 'leaving', peerId: peerK } });
  expect((await kicked.event('peerLeft', 1)).body.value).toMatchObject({
    peerId: peerK,
    reason: LeaveReason.KICKED,
  });
  expect((await errorOf(kicked, { case: 'getRoom', value: { roomId: 'leaving' } })).code).toBe(
    ErrorCode.NOT_IN_ROOM,
  );
  const lostAt = performance.now();
  loser.close();
  await watcher.event('peerLeft', 2);
  expect(performance.now() - lostAt).toBeGreaterThan(240);
  expect(watcher.events('peerLeft').map(({ body }) => [body.value.peerId, body.value.reason])).toEqual([
    [peerL, LeaveReason.LEFT],
    [peerK, LeaveReason.KICKED],
    [peerC, LeaveReason.CONNECTION_LOST],
  ]);
  await host.request({ case: 'closeRoom', value: { roomId: 'leaving' } });
  for (const member of [host, watcher]) {
    expect((await member.event('roomClosed')).body.value).toMatchObject({
      peerIds: [peerH, peerW],
      reason: 'closed by its host',
    });
    await member.settle();
    expect(member.events('roomClosed')).toHaveLength(1);
    expect(member.events('peerLeft')).toHaveLength(3);
  }
  expect((await errorOf(watcher, { case: 'getRoom', value: { roomId: 'leaving' } })).code).toBe(
    ErrorCode.NOT_IN_ROOM,
  );
  const again = await watcher.join('leaving', randomUUID());
  expect(again.created).toBe(true);
});

test('R3: signing out leaves at once, and an empty room is gone after its grace', async () => {
  const [alice, bob] = [await signIn('alice'), await signIn('bob')];
  await alice.join('emptied', randomUUID());
  const peerB = randomUUID();
  await bob.join('emptied', peerB);
  expect((await bob.request({ case: 'signOut', value: {} })).result.case).toBeUndefined();
  expect((await bob.closed).code).toBe(4304);
  expect((await alice.event('peerLeft')).body.value).toMatchObject({
    peerId: peerB,
    reason: LeaveReason.LEFT,
  });
  const carol = await signIn('carol');
  await alice.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
  expect((await carol.join('emptied', randomUUID())).created).toBe(false);
  await carol.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
  await expect
    .poll(
      async () => {
        const { created } = await carol.join('emptied', randomUUID());
        await carol.request({ case: 'leaveRoom', value: { roomId: 'emptied' } });
        return created;
      },
      { timeout: 10_000, interval: graceMs + 1_500 },
    )
    .toBe(true);
});
