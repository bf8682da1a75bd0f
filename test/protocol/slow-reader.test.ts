import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { RawClient } from './raw-client.ts';
import { startRoomServer } from './room-server.ts';

/** More than the sockets' buffers between a server and a client on one machine hold. */
const offers = 150;
const sdp = 'v=0 '.repeat(50_000);
const roomLogBytes = 4_000_000;

const { server, signIn } = await startRoomServer({
  SEND_BUDGET_BYTES: '65536',
  ROOM_RATE_BYTES: '100000000',
  CONNECTION_RATE: '100000',
  ROOM_LOG_MAX_BYTES: `${roomLogBytes}`,
  RECONNECTION_WINDOW_MS: '5000',
});

/** Sends an offer with its number in it, and waits until it stands in the log. */
async function offer(from: RawClient, roomId: string, to: string, number: number, text = sdp): Promise<void> {
  const kind = { case: 'offer', value: { sdp: `${number} ${text}` } } as const;
  const { result } = await from.request({ case: 'relay', value: { roomId, to, body: { kind } } });
  if (result.case === 'error') throw new Error(result.value.message);
}

function numbersOf(client: RawClient): number[] {
  return client.events('relay').map(({ body }) => {
    const kind = body.value.body?.kind;
    return kind?.case === 'offer' ? Number.parseInt(kind.value.sdp) : Number.NaN;
  });
}

test('X3: who stops reading for a while gets all that the log has, in order, and the others notice nothing', async () => {
  const [ada, bob, carol] = [await signIn('ada'), await signIn('bob'), await signIn('carol')];
  const peerIds = { bob: randomUUID(), carol: randomUUID() };
  await ada.join('unread', randomUUID());
  await bob.join('unread', peerIds.bob);
  await carol.join('unread', peerIds.carol);
  bob.pauseReading();
  const fits = Math.floor(roomLogBytes / sdp.length) - 2;
  for (let number = 0; number < fits; number++) {
    await offer(ada, 'unread', peerIds.bob, number);
    await offer(ada, 'unread', peerIds.carol, number, 'short');
  }
  await expect.poll(() => numbersOf(carol)).toHaveLength(fits);
  bob.resumeReading();
  await expect
    .poll(() => numbersOf(bob), { timeout: 10_000 })
    .toEqual(Array.from({ length: fits }, (_, number) => number));
  await offer(ada, 'unread', peerIds.bob, fits, 'after');
  await expect.poll(() => numbersOf(bob).at(-1)).toBe(fits);
});

test('X3, S5: what is no longer kept when a slow reader goes on closes it with 4001, and the resume says that it was not recovered', async () => {
  const [ada, bob] = [await signIn('ada'), await signIn('bob')];
  const to = randomUUID();
  await ada.join('unread-for-long', randomUUID());
  const { room } = await bob.join('unread-for-long', to);
  bob.pauseReading();
  for (let number = 0; number < offers; number++) await offer(ada, 'unread-for-long', to, number);
  bob.resumeReading();
  expect((await bob.closed).code).toBe(4001);
  const got = numbersOf(bob);
  expect(got).toEqual(got.map((_, index) => index));
  expect(got.length).toBeLessThan(offers);
  expect(server.logLines.filter(({ event }) => event === 'session.slow_reader')).toHaveLength(1);

  const { sessionId, sessionSecret } = bob.welcome;
  const last = bob.events('relay').at(-1);
  const positions = [{ stream: 'unread-for-long', epoch: room?.head?.epoch ?? 0, offset: last?.offset ?? 0 }];
  const resume = { sessionId, sessionSecret, positions };
  const back = await RawClient.open(server.wsUrl, {
    hello: { case: 'hello', value: { token: await server.token('bob'), resume } },
  });
  const { resumed, rooms } = await back.welcomed();
  expect([resumed, rooms.map(({ outcome }) => outcome.case)]).toEqual([true, ['snapshot']]);
  await offer(ada, 'unread-for-long', to, offers);
  await expect.poll(() => numbersOf(back)).toEqual([offers]);
  back.close();
});

test('S5: who was owed nothing of what the log has dropped since loses nothing, and is not told that it did', async () => {
  const [ada, bob, carol] = [await signIn('ada'), await signIn('bob'), await signIn('carol')];
  const [toAda, toBob] = [randomUUID(), randomUUID()];
  const { room } = await ada.join('busy', toAda);
  await bob.join('busy', toBob);
  await carol.join('busy', randomUUID());
  await ada.event('peerJoined', 1);
  const quietSince = { stream: 'busy', epoch: room?.head?.epoch ?? 0, offset: 3 };
  for (let number = 0; number < 25; number++) await offer(carol, 'busy', toBob, number);
  const come = async (attempt: number) => {
    const { sessionId, sessionSecret } = ada.welcome;
    const resume = { sessionId, sessionSecret, attempt, positions: [quietSince] };
    const token = await server.token('ada');
    return RawClient.open(server.wsUrl, { hello: { case: 'hello', value: { token, resume } } });
  };
  const back = await come(1);
  expect((await back.welcomed()).rooms).toMatchObject([{ outcome: { case: 'recovered' } }]);
  await offer(bob, 'busy', toAda, 1, 'after');
  expect(await back.event('relay')).toMatchObject({ offset: 29, previous: 0, previousToAll: 3 });
  // By that position it lacks this one.
  const again = await come(2);
  expect((await again.welcomed()).rooms).toMatchObject([{ outcome: { case: 'snapshot' } }]);
  again.close();
});
