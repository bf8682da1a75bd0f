import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CloseCode } from '../../../src/client/index.ts';
import { FakeClock } from '../../contract/fake-clock.ts';
import { nextEvent, startSignedIn } from './scripted-client.ts';

/** What a node's lease and the reconnection window are together, by default, in milliseconds. */
const windowMs = 8_000;

test('S4, S5, N3: a client whose node falls silent comes back within lease and window, and what was in flight is sent again', async () => {
  const clock = new FakeClock();
  const { server, client, connection } = await startSignedIn({ clock });
  await clock.advance(5_000);
  const fromMs = clock.monotonicMs();
  const joining = client.join('room-1', { peerId: 'p' });
  const { id } = await connection.expect('joinRoom');
  await clock.advance(2_000);
  await connection.expect('heartbeat');
  const lost = nextEvent(client, 'state');
  await clock.advance(2_999);
  expect(client.state).toBe('connected');
  await clock.advance(1);
  const { state, reason } = await lost;
  expect(state).toBe('reconnecting');
  expect(reason).toContain('nothing was heard');
  await clock.advance(300);
  const again = await server.signedIn({ resumed: true });
  expect(clock.monotonicMs() - fromMs).toBeLessThan(windowMs);
  expect(await connection.closed()).toBe(CloseCode.CONNECTION_STALE);
  expect((await again.expect('joinRoom')).id).toBe(id);
  again.reply(id, { case: 'roomJoined', value: { room: { roomId: 'room-1', ownPeerId: 'p' } } });
  await joining;
});

test('S4, S5: what is sent again is due again, and from the third connection on that falls silent the client waits longer', async () => {
  const clock = new FakeClock();
  const { server, client } = await startSignedIn({ clock, requestTimeoutMs: 1_000_000 });
  client.join('room-1', { peerId: 'p' }).catch(() => undefined);
  const took: number[] = [];
  for (let time = 0; time < 3; time++) {
    const fromMs = clock.monotonicMs();
    while (client.state === 'connected') await clock.advance(100);
    took.push(clock.monotonicMs() - fromMs);
    const resumed = nextEvent(client, 'resumed');
    const again = server.signedIn({ resumed: true });
    await clock.advance(1_200);
    await again;
    await resumed;
  }
  expect(took).toEqual([5_000, 5_000, 8_000]);
});

test('S4: a client whose WebSocket still takes what was sent does not give the connection up', async () => {
  const clock = new FakeClock();
  let waiting = 0;
  class Slow extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      Object.defineProperty(this, 'bufferedAmount', { get: () => waiting });
    }
  }
  const { client, connection } = await startSignedIn({ clock, WebSocket: Slow });
  client.join('room-1', { peerId: 'p' }).catch(() => undefined);
  await connection.expect('joinRoom');
  waiting = 10_000;
  for (let time = 0; time < 10; time++) {
    await clock.advance(1_000);
    waiting -= 1_000;
  }
  expect(client.state).toBe('connected');
  await clock.advance(4_000);
  expect(client.state).toBe('reconnecting');
});
